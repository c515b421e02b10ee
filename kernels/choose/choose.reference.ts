// shim
export { gumbelReference } from '../sample/sample.cases.ts'
