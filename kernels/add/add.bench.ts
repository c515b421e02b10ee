// shim
export { prepareAdd } from './add.cases.ts'
