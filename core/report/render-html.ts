// shim
export * from './report-document.ts'
