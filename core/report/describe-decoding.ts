// shim
export { describeDecoding } from './words.ts'
