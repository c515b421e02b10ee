// shim
export * from '../record/journal-index.ts'
