// shim
export * from '../files/http-byte-source.ts'
