import { fileURLToPath } from 'node:url'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { openFileByteSource } from '../../node-runner/files/file-byte-source.ts'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import type { ByteSource } from '../formats/byte-source.ts'
import { gradeAnswer } from '../grade/grade-answer.ts'
import { readDataSet } from './read-data-set.ts'

const text = (name: string, content: string) => memoryByteSource(new TextEncoder().encode(content), name)
const lines = (...rows: object[]) => text('set.jsonl', rows.map(row => `${JSON.stringify(row)}\n`).join(''))
const parquet = (...columnData: ColumnSource[]) =>
  memoryByteSource(new Uint8Array(parquetWriteBuffer({ columnData })), 'set.parquet')

const sums = { problem: ['1 + 1?', '2 + 2?'], answer: ['2', '4'] }
const sumsExpected = [
  { id: '0', problem: '1 + 1?', expectedAnswer: '2', solution: null, metadata: {} },
  { id: '1', problem: '2 + 2?', expectedAnswer: '4', solution: null, metadata: {} },
]

describe('reads the columns of', () => {
  test('the data set that ships', async () => {
    const path = fileURLToPath(new URL('../../datasets/arith-104.jsonl', import.meta.url))
    const source = await openFileByteSource(path)
    const problems = (await readDataSet(source)).problems
    await source.close()
    expect(problems).toHaveLength(104)
    const verdicts = await Promise.all(
      problems.map(({ solution, expectedAnswer }) => gradeAnswer(solution!, expectedAnswer, null)),
    )
    expect(new Set(verdicts.map(({ rule }) => rule))).toEqual(new Set(['boxed, equal as rationals']))
    expect(problems[2]).toEqual({
      id: '2',
      problem:
        'Sara has 19 apples. Then Sara drops 10. What is the number of apples that Sara has at the end?',
      expectedAnswer: '9',
      solution: '19 - 10 = 9. The answer is \\boxed{9}.',
      metadata: { level: 1, operations: '-' },
    })
  })

  test('AI-MO, with whole numbers stored as floats', async () => {
    const source = parquet(
      { name: 'id', data: [0n, 60n], type: 'INT64' },
      { name: 'problem', data: ['Find $x$.', 'Find $y$.'], type: 'STRING' },
      { name: 'solution', data: ['It is 36.', 'It is 2.5.'], type: 'STRING' },
      { name: 'answer', data: [36, 2.5], type: 'DOUBLE' },
      { name: 'url', data: ['https://a', 'https://b'], type: 'STRING' },
    )
    expect((await readDataSet(source)).problems).toEqual([
      {
        id: '0',
        problem: 'Find $x$.',
        expectedAnswer: '36',
        solution: 'It is 36.',
        metadata: { url: 'https://a' },
      },
      {
        id: '60',
        problem: 'Find $y$.',
        expectedAnswer: '2.5',
        solution: 'It is 2.5.',
        metadata: { url: 'https://b' },
      },
    ])
  })

  test('GSM8K', async () => {
    const answer = 'She sold 48/2 = <<48/2=24>>24.\n48 + 24 = 72.\n#### 72'
    const [problem] = (await readDataSet(lines({ question: 'How many clips?', answer }))).problems
    expect(problem).toEqual({
      id: '0',
      problem: 'How many clips?',
      expectedAnswer: '72',
      solution: answer,
      metadata: {},
    })
  })

  test('MATH', async () => {
    const solution = 'Since $\\boxed{1}$ is wrong, it is $\\boxed{\\frac{1}{2}}$.'
    const {
      problems: [problem],
    } = await readDataSet(lines({ problem: 'What?', level: 'Level 5', type: 'Algebra', solution }))
    expect(problem).toEqual({
      id: '0',
      problem: 'What?',
      expectedAnswer: '\\frac{1}{2}',
      solution,
      metadata: { level: 'Level 5', type: 'Algebra' },
    })
  })

  test.each([
    ['So $\\boxed 2$.', '2'],
    ['It is $\\boxed \\frac12.$', '\\frac12'],
    ['First \\boxed{1}, then \\boxed 3', '1'],
  ])('MATH, with a box that has no braces: %s', async (solution, expectedAnswer) => {
    const {
      problems: [problem],
    } = await readDataSet(lines({ problem: 'What?', solution }, { problem: 'b', solution: '\\boxed{7}' }))
    expect(problem!.expectedAnswer).toBe(expectedAnswer)
  })

  test('several files, one after the other', async () => {
    const files = [lines({ problem: 'a', answer: 1 }), text('more.jsonl', '{"problem":"b","answer":2}')]
    expect((await readDataSet(files)).problems).toMatchObject([
      { id: '0', problem: 'a' },
      { id: '1', problem: 'b' },
    ])
    const broken = [...files, text('third.jsonl', '{"problem":""}')]
    await expect(readDataSet(broken)).rejects.toThrow(/third\.jsonl: line 1: expected text/)
  })

  test('MATH-500', async () => {
    const row = {
      problem: 'What?',
      solution: '\\boxed{3}',
      answer: '\\left( 3, 1 \\right)',
      subject: 'Algebra',
    }
    const [problem] = (await readDataSet(lines({ ...row, level: 2, unique_id: 'test/algebra/1.json' })))
      .problems
    expect(problem).toMatchObject({
      id: 'test/algebra/1.json',
      expectedAnswer: '\\left( 3, 1 \\right)',
      metadata: { subject: 'Algebra', level: 2 },
    })
  })

  test('any other, by their names', async () => {
    const row = {
      problem: 'not this',
      text: 'What?',
      answer: 'nor this',
      label: '#### 7',
      tags: ['a'],
      ok: true,
    }
    const options = { problemColumn: 'text', answerColumn: 'label' }
    const [problem] = (await readDataSet(lines(row), options)).problems
    expect(problem).toMatchObject({ problem: 'What?', expectedAnswer: '7' })
    expect(problem!.metadata).toEqual({ problem: 'not this', answer: 'nor this', ok: true })
  })
})

describe('reads the format', () => {
  const jsonl = '{"problem":"1 + 1?","answer":2}\r\n\r\n{"problem":"2 + 2?","answer":4.0}\r\n\n \n'
  const json = '[{"problem":"1 + 1?","answer":"2"},{"problem":"2 + 2?","answer":"4"}]'
  const csv = 'problem,answer\n"1 + 1?",2\n2 + 2?,4\n'

  test.each<[string, ByteSource]>([
    ['JSON Lines with blank lines and CRLF', text('set.jsonl', jsonl)],
    ['JSON Lines with a byte order mark', text('set.jsonl', `\uFEFF${jsonl}`)],
    ['JSON Lines without a last line break', text('set.ndjson', jsonl.trim())],
    ['JSON Lines behind an address with a query', text('https://hub/set.JSONL?download=true', jsonl)],
    ['a JSON array', text('set.json', json)],
    ['a JSON array with a byte order mark', text('set.json', `\uFEFF${json}\r\n`)],
    ...['data', 'rows', 'examples', 'problems'].map((key): [string, ByteSource] => [
      `JSON with ${key}`,
      text('set.json', `{"version": 1, "${key}": ${json}}`),
    ]),
    ['CSV', text('set.csv', csv)],
    [
      'CSV with a byte order mark, CRLF and blank lines',
      text('set.csv', `\uFEFF${csv}\n\n`.replaceAll('\n', '\r\n')),
    ],
    ['Parquet', parquet({ name: 'problem', data: sums.problem }, { name: 'answer', data: sums.answer })],
    [
      'Parquet with 32-bit integers',
      parquet({ name: 'problem', data: sums.problem }, { name: 'answer', data: [2, 4], type: 'INT32' }),
    ],
  ])('%s', async (_, source) => {
    expect((await readDataSet(source)).problems).toEqual(sumsExpected)
  })

  test('CSV with quotes, commas and line breaks inside fields', async () => {
    const source = text('set.csv', 'id,problem,answer\na,"Say ""two"",\nplease","1,000"\n')
    expect((await readDataSet(source)).problems).toMatchObject([
      { id: 'a', problem: 'Say "two",\nplease', expectedAnswer: '1,000' },
    ])
  })
})

describe('cells', () => {
  test.each<[unknown, string]>([
    [36, '36'],
    [-0.5, '-0.5'],
    [0, '0'],
    ['36.0', '36.0'],
    [' 7 ', '7'],
    [true, 'true'],
    ['\\boxed{7}', '7'],
  ])('the answer %j is %j', async (answer, expected) => {
    const problems = (await readDataSet(lines({ problem: 'a', answer: '1' }, { problem: 'b', answer })))
      .problems
    expect(problems[1]!.expectedAnswer).toBe(expected)
  })

  test('of Parquet become what JSON can hold', async () => {
    const source = parquet(
      { name: 'problem', data: ['a', 'b'] },
      { name: 'answer', data: [-0, 2.5], type: 'DOUBLE' },
      { name: 'big', data: [2n ** 60n, 7n], type: 'INT64' },
      { name: 'ratio', data: [0.5, Number.POSITIVE_INFINITY], type: 'DOUBLE' },
      { name: 'time', data: [new Date(0), new Date(1)], type: 'TIMESTAMP' },
      { name: 'list', data: [{ a: 1 }, { a: 2 }], type: 'JSON' },
    )
    const problems = (await readDataSet(source)).problems
    expect(problems.map(problem => problem.expectedAnswer)).toEqual(['0', '2.5'])
    expect(problems.map(problem => problem.metadata)).toEqual([
      { big: String(2n ** 60n), ratio: 0.5, time: '1970-01-01T00:00:00.000Z' },
      { big: 7, ratio: null, time: '1970-01-01T00:00:00.001Z' },
    ])
  })

  test('without an id are named by the row, in whichever rows', async () => {
    const { problems } = await readDataSet(
      lines(
        { id: 'x', problem: 'a', answer: 1 },
        { problem: 'b', answer: 2 },
        { id: null, problem: 'c', answer: 3 },
      ),
    )
    expect(problems.map(problem => problem.id)).toEqual(['x', '1', '2'])
  })
})
