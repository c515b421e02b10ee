// shim
export { summarySection } from './write-report.ts'
