// shim
export { tokenRank as rank } from '../token-rank/token-rank.ts'
