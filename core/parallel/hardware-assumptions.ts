// shim
export { type Assumption, assume, hardwareOf, type Measured } from '../model/cost-model.ts'
