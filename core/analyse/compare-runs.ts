// shim
export { compareRuns } from '../report/record-study.ts'
