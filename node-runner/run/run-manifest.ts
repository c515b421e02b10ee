// shim
export * from './read-run-files.ts'
