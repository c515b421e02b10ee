import { describeGolden, type GoldenCase, openGoldenDevices } from './support/describe-golden.ts'

const cases: GoldenCase[] = [
  { model: 'arith-qwen2', folder: 'models/arith-qwen2', ranks: 1, kernels: 'cpu', longest: 1000 },
  {
    model: 'random-14-heads',
    folder: 'test/models/random-14-heads',
    ranks: 1,
    kernels: 'cpu',
    longest: 1000,
  },
  { model: 'random-tied', folder: 'test/models/random-tied', ranks: 1, kernels: 'cpu', longest: 1000 },
  {
    model: 'random-two-files',
    folder: 'test/models/random-two-files',
    ranks: 1,
    kernels: 'cpu',
    longest: 1000,
  },
  // More ranks than key-value heads, and than heads.
  { model: 'random-14-heads', folder: 'test/models/random-14-heads', ranks: 3, kernels: 'cpu', longest: 65 },
  { model: 'random-tied', folder: 'test/models/random-tied', ranks: 8, kernels: 'cpu', longest: 40 },
  // The kernels that a GPU runs, on the same adapter: slow here, so on the shorter prompts only.
  { model: 'random-14-heads', folder: 'test/models/random-14-heads', ranks: 1, kernels: 'gpu', longest: 17 },
  { model: 'random-tied', folder: 'test/models/random-tied', ranks: 1, kernels: 'gpu', longest: 3 },
]

const alone = {
  cpu: await openGoldenDevices(1, 'cpu'),
  gpu: await openGoldenDevices(1, 'gpu'),
}
// Ranks beside one another have a device each, as those of a run do.
for (const one of cases) describeGolden(one, one.ranks === 1 ? alone[one.kernels] : undefined)
