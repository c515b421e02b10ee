// shim
export { formatVersion } from '../record/run-files.ts'
export type { CalibratedSample, FinishReason, SampleRecord } from '../record/sample.ts'
