// shim
export { orderScores } from '../../study/statistics/ranks.ts'
