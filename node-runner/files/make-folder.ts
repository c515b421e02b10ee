// shim
export { makeFolder } from './folders.ts'
