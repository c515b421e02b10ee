// shim
export { hasSeveralAnswers, preferredIntervals as intervalsToRead } from '../study/preferred-intervals.ts'
