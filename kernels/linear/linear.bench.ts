// shim
export { prepareLinear } from './linear.cases.ts'
