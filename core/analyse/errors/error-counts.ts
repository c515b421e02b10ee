// shim
export type { ErrorCounts } from '../../study/findings.ts'
