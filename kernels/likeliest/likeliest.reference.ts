// shim
export { filterReference as likeliestReference } from '../filter-threshold/filter-threshold.cases.ts'
