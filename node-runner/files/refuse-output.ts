// shim
export * from './write-file-atomic.ts'
