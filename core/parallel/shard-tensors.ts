// shim
export { shardTensors, type TensorShard } from '../model/layout.ts'
