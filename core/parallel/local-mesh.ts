// shim
export { generateOnMesh } from '../generate/generate-on-mesh.ts'
export { communicatorSlotBytes as exchangeSlotBytes } from '../model/load-model.ts'
