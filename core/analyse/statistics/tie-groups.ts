// shim
export * from '../../study/statistics/ranks.ts'
