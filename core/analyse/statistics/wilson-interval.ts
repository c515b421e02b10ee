// shim
export * from '../../study/statistics/intervals.ts'
