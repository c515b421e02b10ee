// shim
export { allBenches } from './all-cases.ts'
