// shim
export { choiceWords, type Sample as Choose, sample as choose } from '../sample/sample.ts'
