// shim
export * from '../record/sample.ts'
