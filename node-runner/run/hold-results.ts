// shim
export * from './staged-results.ts'
