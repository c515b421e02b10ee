// shim
export * from '../../study/statistics/moments.ts'
