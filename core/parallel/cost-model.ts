// shim
export {
  bestMeshes,
  type Hardware,
  type Mesh,
  type MeshPrediction,
  meshesOf,
  predictMesh,
  type StepPrediction,
  type Workload,
} from '../model/cost-model.ts'
