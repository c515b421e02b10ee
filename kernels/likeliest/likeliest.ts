// shim
export {
  boundWords,
  type FilterLimits as LikeliestBounds,
  filterThreshold as likeliest,
} from '../filter-threshold/filter-threshold.ts'
