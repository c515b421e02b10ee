import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openModelFolder } from '../node-runner/models/open-model.ts'
import { convertToGguf } from './support/convert-to-gguf.ts'
import { describeGolden, type GoldenCase } from './support/describe-golden.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const one = (model: string, path: string, ranks = 1): GoldenCase => ({
  model,
  folder: path,
  ranks,
  kernels: 'cpu',
  longest: 40,
})

/** Files as others make them, in types without blocks. */
const files: Record<string, string> = {
  'gguf-f32': 'tiny-llama-f32',
  'gguf-f16': 'tiny-qwen2-f16',
  'gguf-bf16': 'tiny-llama-bf16',
  'tiny-llama3': 'tiny-llama3-bf16',
  'tiny-qwen3': 'tiny-qwen3-bf16',
  'gguf-gemma3': 'tiny-gemma3-f16',
}
for (const [model, file] of Object.entries(files)) describeGolden(one(model, `test/models/gguf/${file}.gguf`))

/** Checkpoints of families that no file in GGUF is at hand of. */
const converted: [model: string, ranks: number][] = [
  ['tiny-llama-linear', 3],
  ['tiny-mistral', 1],
  ['tiny-mixtral', 1],
  ['tiny-qwen3-moe', 1],
  ['tiny-phi3', 1],
  ['tiny-olmo2', 3],
  ['tiny-granite', 1],
  ['tiny-qwen2-yarn', 1],
]
for (const [model, ranks] of converted) {
  const { config, weights, close } = await openModelFolder(`test/models/${model}`)
  const path = join(folder, `${model}.gguf`)
  writeFileSync(path, await convertToGguf(config, weights))
  await close()
  describeGolden(one(model, path, ranks))
}
