// shim
export { checkTensors, neededTensors } from './checkpoint.ts'
export { layout as expectedTensors, type TensorLayout as ExpectedTensor } from './layout.ts'
