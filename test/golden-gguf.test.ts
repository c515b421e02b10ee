import { describeGolden, type GoldenCase } from './support/describe-golden.ts'

const folder = 'test/models/gguf'
const one = (model: string, file: string, more: Partial<GoldenCase> = {}): GoldenCase => ({
  model,
  folder: `${folder}/${file}.gguf`,
  ranks: 1,
  kernels: 'cpu',
  longest: 1000,
  ...more,
})

const cases: GoldenCase[] = [
  one('gguf-f16', 'tiny-qwen2-f16'),
  one('gguf-f32', 'tiny-llama-f32'),
  one('gguf-bf16', 'tiny-llama-bf16', { ranks: 3 }),
  one('tiny-llama3', 'tiny-llama3-bf16'),
  one('tiny-qwen3', 'tiny-qwen3-bf16', { ranks: 3 }),
  one('gguf-gemma3', 'tiny-gemma3-f16'),
]

for (const each of cases) describeGolden(each)
