// shim
export * from '../record/traces.ts'
