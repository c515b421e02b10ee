// shim
export { statisticNotes } from '../report/words.ts'
