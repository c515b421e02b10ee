// shim
export { scoreDefinitions } from '../../study/scores/answer-scores.ts'
