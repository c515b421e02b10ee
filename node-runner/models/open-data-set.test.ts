import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { knownDataSets } from '../../core/evaluate/hub-data-sets.ts'
import { commitOf, type HubServer, serveHub } from '../../test/support/hub-server.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'
import { openDataSet } from './open-data-set.ts'

const cache = mkdtempSync(join(tmpdir(), 'entrace-test-'))
const silent = createProgress(true)
let server: HubServer

function parquet(rows: Record<string, string | number>[]): Uint8Array {
  const names = Object.keys(rows[0] ?? {})
  const columnData = names.map(name => ({ name, data: rows.map(row => row[name]) }))
  return new Uint8Array(parquetWriteBuffer({ columnData }))
}

const gsm8kRows = (name: string) => [{ question: `${name}?`, answer: 'It is <<1+1=2>>2.\n#### 2' }]
const mathRow = (subject: string) => ({
  problem: `${subject}?`,
  level: 'Level 4',
  type: subject,
  solution: `So \\boxed{${subject.length}}.`,
})
const aimoRows = [0, 1].map(id => ({ id, problem: `Problem ${id}`, answer: `${id + 5}`, url: 'https://a' }))
const math500Row = {
  problem: 'Polar?',
  solution: 'It is $\\boxed{3}$.',
  answer: '\\left( 3, \\frac{\\pi}{2} \\right)',
  subject: 'Precalculus',
  level: 2,
  unique_id: 'test/precalculus/807.json',
}
const subjects = knownDataSets.find(({ id }) => id === 'EleutherAI/hendrycks_math')!.configs!

beforeAll(async () => {
  const text = new TextEncoder()
  server = await serveHub([
    {
      id: 'datasets/openai/gsm8k',
      revisions: {
        main: {
          'README.md': text.encode('# gsm8k'),
          'main/test-00000-of-00001.parquet': parquet(gsm8kRows('test')),
          'main/train-00000-of-00001.parquet': parquet(gsm8kRows('train')),
          'socratic/test-00000-of-00001.parquet': parquet(gsm8kRows('socratic')),
        },
      },
    },
    {
      id: 'datasets/EleutherAI/hendrycks_math',
      revisions: {
        main: Object.fromEntries(
          [...subjects].reverse().flatMap(subject => [
            [`${subject}/test-00000-of-00001.parquet`, parquet([mathRow(subject)])],
            [`${subject}/train-00000-of-00001.parquet`, parquet([mathRow('train')])],
          ]),
        ),
      },
    },
    {
      id: 'datasets/hendrycks/competition_math',
      revisions: {
        main: { 'competition_math.py': text.encode('import datasets') },
        'refs/convert/parquet': {
          'default/test/0000.parquet': parquet([mathRow('Algebra')]),
          'default/train/0000.parquet': parquet([mathRow('train')]),
        },
      },
    },
    {
      id: 'datasets/HuggingFaceH4/MATH-500',
      revisions: {
        main: { 'README.md': text.encode('#'), 'test.jsonl': text.encode(`${JSON.stringify(math500Row)}\n`) },
      },
    },
    ...['math-level-4', 'math-level-5', 'aime'].map(name => ({
      id: `datasets/AI-MO/aimo-validation-${name}`,
      revisions: {
        main: {
          'data/train-00000-of-00002.parquet': parquet(aimoRows.slice(0, 1)),
          'data/train-00001-of-00002.parquet': parquet(aimoRows.slice(1)),
          // A split that must not be read.
          ...(name === 'math-level-4' && { 'data/test-00000-of-00001.parquet': parquet(aimoRows) }),
        },
      },
    })),
    { id: 'datasets/org/script', revisions: { main: { 'script.py': text.encode('x') } } },
    {
      id: 'datasets/org/other',
      revisions: { main: { 'data/test.csv': text.encode('text,label\n1 + 1?,2\n') } },
    },
  ])
  vi.stubEnv('HF_ENDPOINT', `${server.url}/`)
  vi.stubEnv('HF_HUB_CACHE', cache)
  vi.stubEnv('HF_HUB_OFFLINE', '')
  vi.stubEnv('HF_TOKEN', '')
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await server.close()
  rmSync(cache, { recursive: true })
})

describe('openDataSet', () => {
  it.each(['gsm8k', 'openai/gsm8k', 'datasets/openai/gsm8k', `gsm8k@${commitOf('main')}`])(
    'reads %s',
    async dataset => {
      const opened = await openDataSet({ dataset }, silent)
      expect(opened).toMatchObject({
        name: 'openai/gsm8k',
        revision: commitOf('main'),
        config: 'main',
        split: 'test',
        problems: [{ id: '0', problem: 'test?', expectedAnswer: '2' }],
      })
    },
  )

  it('reads another subset and split where they are named', async () => {
    const socratic = await openDataSet({ dataset: 'gsm8k', config: 'socratic' }, silent)
    expect(socratic.problems[0]!.problem).toBe('socratic?')
    const train = await openDataSet({ dataset: 'gsm8k', split: 'train' }, silent)
    expect(train.problems[0]!.problem).toBe('train?')
  })

  it('reads all subjects of MATH, always in one order', async () => {
    const { problems, config } = await openDataSet({ dataset: 'MATH' }, silent)
    expect(config).toBe(subjects.join(','))
    expect(problems.map(({ metadata }) => metadata['type'])).toEqual(subjects)
    expect(problems[0]).toMatchObject({ expectedAnswer: '7', metadata: { level: 'Level 4' } })
    const few = await openDataSet({ dataset: 'math', config: 'geometry,algebra' }, silent)
    expect(few.problems.map(({ problem }) => problem)).toEqual(['geometry?', 'algebra?'])
  })

  it('reads what the Hub converted where a repository holds a script', async () => {
    const { problems, revision } = await openDataSet({ dataset: 'competition-math' }, silent)
    expect(problems).toMatchObject([{ problem: 'Algebra?', expectedAnswer: '7' }])
    expect(revision).toBe(commitOf('refs/convert/parquet'))
  })

  it('reads MATH-500 from JSON Lines', async () => {
    const { problems } = await openDataSet({ dataset: 'HuggingFaceH4/MATH-500' }, silent)
    const { answer, unique_id, level, subject } = math500Row
    expect(problems).toMatchObject([{ id: unique_id, expectedAnswer: answer, metadata: { level, subject } }])
  })

  it.each(['math-level-4', 'AI-MO/aimo-validation-math-level-5', 'aime'])(
    'reads the train split alone of %s, from several files, and says when rows are missing',
    async dataset => {
      const said: string[] = []
      const progress: Progress = { ...silent, say: message => void said.push(message) }
      const { problems, split, known } = await openDataSet({ dataset }, progress)
      expect(split).toBe('train')
      expect(problems.map(({ id, expectedAnswer }) => [id, expectedAnswer])).toEqual([
        ['0', '5'],
        ['1', '6'],
      ])
      expect(said.join()).toBe(`${known!.id}: has 2 problems here, ${known!.rows} when it was published`)
    },
  )

  it('reads any other, with its columns', async () => {
    const choice = { dataset: 'org/other', problemColumn: 'text', answerColumn: 'label' }
    const { problems, config, split } = await openDataSet(choice, silent)
    expect([config, split]).toEqual(['default', 'test'])
    expect(problems).toMatchObject([{ problem: '1 + 1?', expectedAnswer: '2' }])
  })

  it.each([
    [{ dataset: 'datasets/arith-104.jsonl', split: 'test' }, /a file has no subsets and splits/],
    [{ dataset: 'none.jsonl' }, /none\.jsonl: no such file; expected .*organisation\/name.*gsm8k/],
    [{ dataset: 'gsm9k' }, /gsm9k: no such file; expected/],
    [{ dataset: 'datasets/none.jsonl' }, /no such file/],
    [{ dataset: 'gsm8k', split: 'dev' }, /openai\/gsm8k: has no split dev in main, found test, train/],
    [{ dataset: 'gsm8k', config: 'extra' }, /has no subset extra, found main, socratic/],
    [
      { dataset: 'org/script' },
      /holds no \.parquet, .* files, nor has it been converted: .*no such revision/,
    ],
    [{ dataset: 'org/none' }, /org\/none: .*no such repository/],
  ])('refuses %j', async (choice, message) => {
    await expect(openDataSet(choice, silent)).rejects.toThrow(message)
  })
})
