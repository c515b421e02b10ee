// shim
export * from './files/folders.ts'
