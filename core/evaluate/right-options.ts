// shim
export * from './answer-options.ts'
