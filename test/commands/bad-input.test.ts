import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { changedModel } from '../support/change-model.ts'
import { runEntrace } from '../support/run-entrace.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const tied = 'test/models/random-tied'
const generateFrom = (model: string) => [
  'generate',
  '--model',
  model,
  '--adapter',
  'cpu',
  '--prompt-ids',
  '1,2',
]

function written(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const cutWeights = changedModel(folder, tied, file => truncateSync(file('model.safetensors'), 99))

const broken = written('broken.jsonl', '{"problem":"1","answer":"1"}\n{"pro')
const endless = written('endless.jsonl', '')
truncateSync(endless, 2 ** 33)
const evalBroken = [
  'eval',
  '--model',
  'models/arith-qwen2',
  '--out',
  join(folder, 'out'),
  '--dataset',
  broken,
]

/** One of each kind: single defects are tested where they are found. */
describe('exit code 2 and one paragraph answer', () => {
  it.each<[string, string[], RegExp]>([
    ['a model folder that is not there', generateFrom(join(folder, 'none')), /^entrace: .*no such folder/],
    ['damaged weights', generateFrom(cutWeights), /^entrace: .*cut in its header/],
    ['a token id out of range', [...generateFrom(tied), '--prompt-ids', '1,1000'], /token id 1000 is not/],
    ['a broken data set', evalBroken, /^entrace: .*broken\.jsonl: line 2/],
    [
      'a folder that is no run',
      ['analyse', folder],
      /expected a run's folder with run\.json and samples\.jsonl/,
    ],
    [
      'several answers that would be the same',
      [...evalBroken, '--dataset', 'datasets/arith-104.jsonl', '--samples', '3'],
      /^entrace: --samples 3: at temperature 0 all answers to a problem are the same; add --temperature/m,
    ],
    ['half a pair', ['grade', '--answer', '1'], /expected --answer and --expected, or --pairs/],
    [
      'more pairs than a text holds',
      ['grade', '--pairs', endless],
      /endless\.jsonl: has 8589934592 bytes, expected/,
    ],
    [
      'a bad number',
      [...generateFrom(tied), '--max-new-tokens', '0'],
      /^error: .*whole number of 1 or more, found "0"/,
    ],
    ['an unknown command', ['no-such-command'], /^error: unknown command 'no-such-command'/],
  ])('%s', async (_, args, message) => {
    const { exitCode, stdout, stderr } = await runEntrace(args)
    expect(stderr).toMatch(message)
    const lines = stderr.trim().split('\n')
    expect(lines.filter(line => !line.startsWith('loading weights'))).toHaveLength(1)
    expect([exitCode, stdout]).toEqual([2, ''])
  })
})
