// shim
export * from './run-columns.ts'
