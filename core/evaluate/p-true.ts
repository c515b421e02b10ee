// shim
export * from './samples.ts'
