// shim
export * from '../../record/token.ts'
