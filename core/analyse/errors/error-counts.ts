// shim
export type { ErrorCounts } from '../../study/errors/error-counts.ts'
