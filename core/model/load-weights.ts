// shim
export { weightBytes } from './checkpoint.ts'
export type { LayerWeights, ModelWeights } from './layout.ts'
export { loadWeights } from './weights.ts'
