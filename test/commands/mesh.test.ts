import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { TokenRecord } from '../../core/record/token.ts'
import { expectClose } from '../support/expect-close.ts'
import { runEntrace } from '../support/run-entrace.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const arith = 'models/arith-qwen2'
const entropyTolerance = { absolute: 1e-4, relative: 0 }

async function tokensOf(model: string, ...flags: string[]): Promise<TokenRecord[]> {
  const args = ['generate', '--model', model, '--adapter', 'cpu', '--json', ...flags]
  const { exitCode, stdout, stderr } = await runEntrace(args)
  expect(exitCode, stderr).toBe(0)
  return JSON.parse(stdout).tokens
}

const column = <Name extends keyof TokenRecord>(tokens: TokenRecord[], name: Name) =>
  tokens.map(token => token[name])

/** Two meshes chose the same tokens, with the same numbers but for how sums were rounded. */
function expectSameAnswer(found: TokenRecord[], expected: TokenRecord[]): void {
  for (const name of ['id', 'rank', 'topIds'] as const)
    expect(column(found, name), name).toEqual(column(expected, name))
  for (const name of ['entropyNats', 'logprob', 'margin', 'selfCertainty', 'tailMass'] as const)
    expectClose(name, column(found, name), column(expected, name), entropyTolerance)
}

describe('generate on a mesh', () => {
  it('of 1, 3 and 8 ranks chooses the tokens of the reference, with the same numbers', async () => {
    const golden = JSON.parse(readFileSync('test/golden/arith-qwen2.json', 'utf8'))
    const [{ prompt_ids, steps }] = golden.sequences
    const prompt = ['--prompt-ids', prompt_ids.join(',')]
    const alone = await tokensOf(arith, ...prompt)
    expect(column(alone, 'id')).toEqual(steps.map((step: { token: number }) => step.token))
    for (const ranks of ['3', '8']) expectSameAnswer(await tokensOf(arith, ...prompt, '--tp', ranks), alone)
  })

  it('samples the same tokens, and counts their ranks over the whole vocabulary', async () => {
    const flags = ['--prompt-ids', '5,6,7', '--max-new-tokens', '12', '--temperature', '2', '--seed', '1']
    const [alone, together] = await Promise.all(
      ['1', '3'].map(ranks => tokensOf('test/models/random-tied', ...flags, '--tp', ranks)),
    )
    expectSameAnswer(together!, alone!)
    // Ranks beyond the largest that every rank hands over anyway take a second exchange, and all parts of the vocabulary.
    const far = alone!.filter(token => token.rank >= token.topIds.length)
    expect(far.length).toBeGreaterThan(5)
    expect(new Set(far.map(token => Math.floor(token.id / 334))).size).toBe(3)
  })
})

describe('a mesh that cannot be served', () => {
  it.each<[string, string[], RegExp]>([
    ['no rank', ['--tp', '0'], /^error: .*--tp.*from 1 to 16, found "0"/],
    ['too many ranks', ['--tp', '17'], /^error: .*--tp.*from 1 to 16, found "17"/],
    ['half a rank', ['--tp', '1.5'], /^error: .*whole number from 1 to 16, found "1\.5"/],
    ['too many replicas', ['--dp', '65'], /^error: .*--dp.*from 1 to 64, found "65"/],
    [
      'too many of both',
      ['--tp', '16', '--dp', '5'],
      /^entrace: --tp 16 --dp 5: makes 80 ranks, expected at most 64/,
    ],
  ])('%s is refused before anything is started', async (_, flags, message) => {
    const dataset = ['--dataset', 'datasets/arith-104.jsonl', '--out', join(folder, 'refused')]
    await expectRefused(['eval', '--model', arith, ...dataset, ...flags], message)
  })

  it('more ranks than rows of the vocabulary are refused', async () => {
    const config = JSON.parse(readFileSync('test/models/random-tied/config.json', 'utf8'))
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, vocab_size: 4 }))
    const args = ['generate', '--model', folder, '--load-format', 'dummy', '--prompt-ids', '1', '--tp']
    await expectRefused(
      [...args, '5'],
      /^entrace: .*a vocabulary of 4 rows leaves none .*choose --tp 4 or less/,
    )
  })
})

async function expectRefused(args: string[], message: RegExp): Promise<void> {
  const { exitCode, stdout, stderr } = await runEntrace(args)
  expect(stderr).toMatch(message)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect([exitCode, stdout]).toEqual([2, ''])
}
