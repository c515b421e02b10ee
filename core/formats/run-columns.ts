// shim
export type { RunColumns } from '../record/run-tables.ts'
export type { TokenColumns } from '../record/token.ts'
