// shim
export * from '../study/paired-runs.ts'
