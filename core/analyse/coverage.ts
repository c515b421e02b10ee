// shim
export * from '../study/coverage.ts'
