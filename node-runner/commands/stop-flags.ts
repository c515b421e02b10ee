// shim
export * from './decoding-flags.ts'
