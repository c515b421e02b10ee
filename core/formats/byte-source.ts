// shim
export * from '../files/byte-source.ts'
