import { describeGolden, openGoldenDevices } from './support/describe-golden.ts'
import { ggufGoldens } from './support/gguf-goldens.ts'

const devices = await openGoldenDevices(8, 'cpu')
for (const { model, path } of ggufGoldens)
  for (const ranks of [2, 3, 8])
    describeGolden({ model, folder: path, ranks, kernels: 'cpu', longest: 1000 }, devices)

// The kernels that a GPU runs, on the same adapter.
for (const { model, path } of ggufGoldens)
  describeGolden({ model, folder: path, ranks: 1, kernels: 'gpu', longest: 10 })
