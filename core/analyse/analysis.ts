// shim
export * from '../study/analysis.ts'
