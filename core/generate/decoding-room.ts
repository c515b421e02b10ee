// shim
export * from './decoding.ts'
