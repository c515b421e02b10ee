// shim
export { createExampleCollector, type ReportExamples } from './patterns-section.ts'
