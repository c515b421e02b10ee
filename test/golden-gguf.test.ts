import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openModelFolder } from '../node-runner/models/open-model.ts'
import { convertToGguf } from './support/convert-to-gguf.ts'
import { describeGolden, openGoldenDevices } from './support/describe-golden.ts'
import { ggufGoldens } from './support/gguf-goldens.ts'

// Shared, so that each kernel is compiled once a device.
const devices = await openGoldenDevices(3, 'cpu')

for (const { model, path } of ggufGoldens) {
  describeGolden({ model, folder: path, ranks: 1, kernels: 'cpu', longest: 1000 }, devices)
  // Three ranks cut blocks between them: of 32 inputs, of 256, and of several types.
  if (['gguf-q4_0', 'gguf-q6_k', 'gguf-mixed-q4_k_m', 'gguf-gemma3'].includes(model))
    describeGolden({ model, folder: path, ranks: 3, kernels: 'cpu', longest: 10 }, devices)
}

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Checkpoints of families that no file in GGUF is at hand of. */
const converted: [model: string, ranks: number][] = [
  ['tiny-llama-linear', 3],
  ['tiny-mixtral', 1],
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
  describeGolden({ model, folder: path, ranks, kernels: 'cpu', longest: 40 }, devices)
}
