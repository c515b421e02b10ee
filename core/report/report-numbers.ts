// shim
export * from './words.ts'
