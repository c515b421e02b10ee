// shim
export { allChecks } from './all-cases.ts'
