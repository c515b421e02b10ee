// shim
export * from '../generate/decoding.ts'
