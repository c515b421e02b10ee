// shim
export { type RankMemory, type RankRoom, rankMemory } from '../model/rank-costs.ts'
