// shim
export * from './added-tokens.ts'
