import { describeGolden } from './support/describe-golden.ts'

describeGolden({
  model: 'arith-qwen2',
  folder: 'models/arith-qwen2',
  ranks: 8,
  kernels: 'cpu',
  longest: 1000,
})
