// shim
export type { RunComparison } from '../study/paired-runs.ts'
