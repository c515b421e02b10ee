// shim
export * from '../files/read-json.ts'
