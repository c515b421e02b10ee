// shim
export type { BeamCandidate, BeamScores, ScoredRow, TokenScores } from './scores.ts'
