// shim
export type { Analysis } from '../study/analysis.ts'
