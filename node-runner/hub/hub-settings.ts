// shim
export * from './hub-fetch.ts'
