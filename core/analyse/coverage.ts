// shim
export {
  type AskedSamples,
  askedCount,
  type Coverage,
  coverageOf,
  describeExtent,
  describeMissing,
  isPart,
  partWarning,
  statedProblemIds,
} from '../study/coverage.ts'
