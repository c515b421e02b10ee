// shim
export * from '../record/manifest.ts'
