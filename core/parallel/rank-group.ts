// shim
export { hostSumBytes, StepContext as RankGroup } from '../model/step-context.ts'
