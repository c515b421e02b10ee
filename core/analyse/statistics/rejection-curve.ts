// shim
export * from '../../study/statistics/selective-prediction.ts'
