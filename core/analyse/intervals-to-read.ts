// shim
export * from '../study/preferred-intervals.ts'
