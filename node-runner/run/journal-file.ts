// shim
export * from './journal-files.ts'
