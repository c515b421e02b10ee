// shim
export type { Range } from './plan-shards.ts'
