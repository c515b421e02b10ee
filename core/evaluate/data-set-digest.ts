// shim
export * from './problem.ts'
