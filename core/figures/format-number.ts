// shim
export * from '../format-number.ts'
