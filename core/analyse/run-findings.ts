// shim
export * from '../study/run-findings.ts'
