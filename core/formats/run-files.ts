// shim
export * from '../record/run-files.ts'
