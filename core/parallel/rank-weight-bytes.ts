// shim
export { type RankWeightBytes, rankWeightBytes, rankWeightParts } from '../model/layout.ts'
