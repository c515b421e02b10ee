// shim
export * from '../study/summary.ts'
