import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { InputError } from '../input-error.ts'
import { dataSetDigest, type Problem, workedExamples } from './problem.ts'
import { readDataSet } from './read-data-set.ts'

const text = (name: string, content: string) => memoryByteSource(new TextEncoder().encode(content), name)
const sums: [Problem, Problem] = [
  { id: '0', problem: '1 + 1?', expectedAnswer: '2', solution: null, metadata: {} },
  { id: '1', problem: '2 + 2?', expectedAnswer: '4', solution: null, metadata: {} },
]

describe('the digest of problems', () => {
  test('is the same for the same problems in any format', async () => {
    const sources = [
      text(
        'set.json',
        JSON.stringify(
          sums.map(({ problem, expectedAnswer }) => ({ problem, answer: Number(expectedAnswer) })),
        ),
      ),
      text('set.csv', 'answer,problem,level\n2,1 + 1?,1\n4,2 + 2?,1\n'),
      memoryByteSource(
        new Uint8Array(
          parquetWriteBuffer({
            columnData: [
              { name: 'problem', data: sums.map(({ problem }) => problem) },
              { name: 'answer', data: sums.map(({ expectedAnswer }) => expectedAnswer) },
            ],
          }),
        ),
        'set.parquet',
      ),
    ]
    const digests = await Promise.all(
      sources.map(async source => dataSetDigest((await readDataSet(source)).problems)),
    )
    expect(new Set(digests).size).toBe(1)
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/)
  })

  test('is that of the documented text', async () => {
    const expected = await crypto.subtle.digest(
      'SHA-256',
      new TextEncoder().encode('["0","1 + 1?","2"]\n["1","2 + 2?","4"]'),
    )
    expect(await dataSetDigest(sums)).toBe(Buffer.from(expected).toString('hex'))
  })

  test('changes with an id, a problem, an answer or the order', async () => {
    const [first, second] = sums
    const variants = [
      [first, second],
      [second, first],
      [first],
      [first, { ...second, id: '2' }],
      [first, { ...second, problem: '2 + 3?' }],
      [first, { ...second, expectedAnswer: '5' }],
    ]
    const digests = await Promise.all(variants.map(dataSetDigest))
    expect(new Set(digests).size).toBe(variants.length)
  })
})

const problem = (id: string, text: string, solution: string | null = `${text} is easy.`): Problem => ({
  id,
  problem: text,
  expectedAnswer: '1',
  solution,
  metadata: {},
})
const evaluated = [problem('x', 'What is\n 7?')]

test('are the first of a data set', () => {
  const examples = [problem('a', 'A'), problem('b', 'B'), problem('c', 'C')]
  expect(workedExamples('set', examples, 2, evaluated)).toEqual([
    { problem: 'A', solution: 'A is easy.', answer: '1' },
    { problem: 'B', solution: 'B is easy.', answer: '1' },
  ])
})

test.each([
  ['too few', [problem('a', 'A')], /set: holds 1 examples, expected 2; lower --few-shot/],
  ['one without a solution', [problem('a', 'A'), problem('b', 'B', null)], /example b has no solution/],
  [
    'one that is asked',
    [problem('a', 'A'), problem('b', ' What is 7?')],
    /example b is problem x of the data/,
  ],
])('refuses %s', (_, examples, message) => {
  expect(() => workedExamples('set', examples, 2, evaluated)).toThrow(InputError)
  expect(() => workedExamples('set', examples, 2, evaluated)).toThrow(message)
})
