import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatVersion } from '../../core/record/run-files.ts'
import type { SampleRecord } from '../../core/record/sample.ts'
import { describeRun, type RunDescription, type RunSettings } from '../../node-runner/run/run-description.ts'

const settings: RunSettings = {
  model: { name: 'a-model', revision: null, weightDigest: 'a'.repeat(64), dtypes: ['bf16'] },
  dataSet: {
    name: 'a-set.jsonl',
    revision: null,
    config: null,
    split: null,
    digest: 'b'.repeat(64),
    problems: 1000,
  },
  prompt: {
    style: 'boxed',
    systemPrompt: 'Answer.',
    fewShot: 0,
    digest: 'd'.repeat(64),
    chatTemplateDigest: 'c'.repeat(64),
  },
  decoding: { maxNewTokens: 64, stopIds: [2], temperature: 0, seed: 0, samples: 1, topLogprobs: 3 },
  mesh: { tp: 1, dp: 1 },
  adapters: [{ name: 'an adapter', kind: 'cpu' }],
  unsafeFast: false,
  versions: { entrace: '0.1.0', node: 'v24.0.0', webgpu: '0.6.2', platform: 'linux x64' },
}

/** Writes the folder of a run that stopped before its results: run.json and samples.jsonl. Returns the description. */
export function writeRun(
  folder: string,
  samples: readonly SampleRecord[],
  changes: Partial<RunSettings & Pick<RunDescription, 'limit' | 'shard' | 'grading' | 'problemIds'>> = {},
): RunDescription {
  const { limit = samples.length, shard = null, grading, problemIds, ...changed } = changes
  const described = describeRun({ ...settings, ...changed }, limit, shard, grading)
  const run = problemIds === undefined ? described : { ...described, problemIds }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'run.json'), JSON.stringify(run))
  writeFileSync(
    join(folder, 'samples.jsonl'),
    samples.map(sample => `${JSON.stringify({ formatVersion, ...sample })}\n`).join(''),
  )
  return run
}
