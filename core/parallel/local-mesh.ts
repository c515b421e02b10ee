// shim
export { generateOnMesh } from '../generate/generate-on-mesh.ts'
export { exchangeSlotBytes } from '../model/load-model.ts'
