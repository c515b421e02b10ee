// shim
export * from '../study/analyse-run.ts'
