// shim
export * from '../files/sha256.ts'
