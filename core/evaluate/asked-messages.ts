// shim
export * from './prompt.ts'
