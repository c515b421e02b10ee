// shim
export * from './folders.ts'
