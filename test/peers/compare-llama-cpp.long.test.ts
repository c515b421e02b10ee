import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { pretrainedModel } from '../support/pretrained.ts'
import {
  type Agreement,
  agreementOf,
  type EngineSequence,
  readPretrainedGolden,
  runGoldenSequences,
} from '../support/pretrained-golden.ts'
import { nodeLlamaCpp, npmPackage, replaceTable } from './npm-package.ts'

const page = new URL('../../docs/quantised-models.md', import.meta.url)
const models = [
  { name: 'SmolLM2-135M-Instruct, Q4_1', golden: 'smollm2-135m-q4_1', key: 'smollm2' },
  { name: 'Gemma-3-270M, Q4_K_M', golden: 'gemma-3-270m-q4_k_m', key: 'gemma' },
] as const

function runLlamaCpp(folder: string, file: string, golden: string): EngineSequence[] {
  const script = fileURLToPath(new URL('llama-cpp-golden.mjs', import.meta.url))
  const goldenPath = fileURLToPath(new URL(`../golden/${golden}.json`, import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, file, goldenPath], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  expect(status, stderr).toBe(0)
  const sequences = JSON.parse(stdout) as EngineSequence['steps'][]
  return sequences.map(steps => ({ promptEntropies: [], steps }))
}

it('is nearer to float64 than llama.cpp on the same files', async () => {
  const folder = npmPackage(nodeLlamaCpp)
  const rows: string[] = []
  for (const { name, golden, key } of models) {
    const file = await pretrainedModel(key)
    const { sequences } = readPretrainedGolden(golden)
    const ours = agreementOf(sequences, await runGoldenSequences(file, sequences))
    const theirs = agreementOf(sequences, runLlamaCpp(folder, file, golden))
    for (const [engine, one] of [
      ['Entrace', ours],
      ['llama.cpp', theirs],
    ] as const)
      rows.push(
        `| ${name} | ${engine} | ${one.sameTokens} of ${one.steps} | ${nats(one.largestNats)} | ${nats(one.meanNats)} |`,
      )
    expect(ours.wrongTokens).toEqual([])
    expect(ours.largestNats).toBeLessThan(5e-5)
    expect(theirs.largestNats, 'llama.cpp rounds activations').toBeGreaterThan(ours.largestNats)
  }
  const table = [
    '| file | engine | tokens equal | largest difference | mean |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ]
  console.log(table.join('\n'))
  replaceTable(page, 'Entropies beside llama.cpp', table)
})

const nats = (value: Agreement['meanNats']) => `${value.toPrecision(2)} nats`
