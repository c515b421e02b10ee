import { describeGolden, openGoldenDevices } from './support/describe-golden.ts'
import { familyModels } from './support/family-models.ts'

const devices = await openGoldenDevices(8, 'cpu')
// The kernels that a GPU runs, on the same adapter.
const gpuDevices = await openGoldenDevices(2, 'gpu')

for (const model of familyModels) {
  const of = { model, folder: `test/models/${model}`, longest: 75 }
  describeGolden({ ...of, ranks: 2, kernels: 'cpu' }, devices)
  describeGolden({ ...of, ranks: 8, kernels: 'cpu' }, devices)
  describeGolden({ ...of, ranks: 1, kernels: 'gpu', isTriedAlone: true }, gpuDevices)
  describeGolden({ ...of, ranks: 2, kernels: 'gpu', longest: 7 }, gpuDevices)
}
