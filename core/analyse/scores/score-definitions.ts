// shim
export * from '../../study/scores/answer-scores.ts'
