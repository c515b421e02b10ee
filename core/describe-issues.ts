// shim
export * from './input-error.ts'
