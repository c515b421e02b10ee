import { fileURLToPath } from 'node:url'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { openFileByteSource } from '../../node-runner/files/file-byte-source.ts'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import type { ByteSource } from '../formats/byte-source.ts'
import { InputError } from '../input-error.ts'
import { dataSetDigest } from './data-set-digest.ts'
import { gradeAnswer } from './grade-answer.ts'
import { type DataSetOptions, readDataSet } from './read-data-set.ts'

const text = (name: string, content: string) => memoryByteSource(new TextEncoder().encode(content), name)
const lines = (...rows: object[]) => text('set.jsonl', rows.map(row => `${JSON.stringify(row)}\n`).join(''))
const parquetBytes = (columnData: ColumnSource[]) => new Uint8Array(parquetWriteBuffer({ columnData }))
const parquet = (...columns: ColumnSource[]) => memoryByteSource(parquetBytes(columns), 'set.parquet')

const sums = { problem: ['1 + 1?', '2 + 2?'], answer: ['2', '4'] }
const sumsExpected = [
  { id: '0', problem: '1 + 1?', expectedAnswer: '2', solution: null, metadata: {} },
  { id: '1', problem: '2 + 2?', expectedAnswer: '4', solution: null, metadata: {} },
]

describe('reads the columns of', () => {
  test('the data set that ships', async () => {
    const path = fileURLToPath(new URL('../../datasets/arith-104.jsonl', import.meta.url))
    const source = await openFileByteSource(path)
    const problems = await readDataSet(source)
    await source.close()
    expect(problems).toHaveLength(104)
    const verdicts = problems.map(({ solution, expectedAnswer }) => gradeAnswer(solution!, expectedAnswer))
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
    expect(await readDataSet(source)).toEqual([
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
    const [problem] = await readDataSet(lines({ question: 'How many clips?', answer }))
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
    const [problem] = await readDataSet(
      lines({ problem: 'What?', level: 'Level 5', type: 'Algebra', solution }),
    )
    expect(problem).toEqual({
      id: '0',
      problem: 'What?',
      expectedAnswer: '\\frac{1}{2}',
      solution,
      metadata: { level: 'Level 5', type: 'Algebra' },
    })
  })

  test('MATH-500', async () => {
    const row = {
      problem: 'What?',
      solution: '\\boxed{3}',
      answer: '\\left( 3, 1 \\right)',
      subject: 'Algebra',
    }
    const [problem] = await readDataSet(lines({ ...row, level: 2, unique_id: 'test/algebra/1.json' }))
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
    const [problem] = await readDataSet(lines(row), options)
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
    expect(await readDataSet(source)).toEqual(sumsExpected)
  })

  test('CSV with quotes, commas and line breaks inside fields', async () => {
    const source = text('set.csv', 'id,problem,answer\na,"Say ""two"",\nplease","1,000"\n')
    expect(await readDataSet(source)).toMatchObject([
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
    [null, ''],
    ['', ''],
    [['7'], ''],
    ['\\boxed{7}', '7'],
  ])('the answer %j is %j', async (answer, expected) => {
    const problems = await readDataSet(lines({ problem: 'a', answer: '1' }, { problem: 'b', answer }))
    expect(problems[1]!.expectedAnswer).toBe(expected)
  })

  test('of Parquet become what JSON can hold', async () => {
    const source = parquet(
      { name: 'problem', data: ['a', 'b'] },
      { name: 'answer', data: [-0, Number.NaN], type: 'DOUBLE' },
      { name: 'big', data: [2n ** 60n, 7n], type: 'INT64' },
      { name: 'ratio', data: [0.5, Number.POSITIVE_INFINITY], type: 'DOUBLE' },
      { name: 'time', data: [new Date(0), new Date(1)], type: 'TIMESTAMP' },
      { name: 'list', data: [{ a: 1 }, { a: 2 }], type: 'JSON' },
    )
    const problems = await readDataSet(source)
    expect(problems.map(problem => problem.expectedAnswer)).toEqual(['0', ''])
    expect(problems.map(problem => problem.metadata)).toEqual([
      { big: String(2n ** 60n), ratio: 0.5, time: '1970-01-01T00:00:00.000Z' },
      { big: 7, ratio: null, time: '1970-01-01T00:00:00.001Z' },
    ])
  })

  test('without an id are named by the row, in whichever rows', async () => {
    const problems = await readDataSet(
      lines(
        { id: 'x', problem: 'a', answer: 1 },
        { problem: 'b', answer: 2 },
        { id: null, problem: 'c', answer: 3 },
      ),
    )
    expect(problems.map(problem => problem.id)).toEqual(['x', '1', '2'])
  })
})

describe('refuses', () => {
  const cut = parquetBytes([
    { name: 'problem', data: sums.problem },
    { name: 'answer', data: sums.answer },
  ]).slice(0, -9)
  const row = { problem: 'a', answer: '1' }

  test.each<[string, ByteSource, RegExp, DataSetOptions?]>([
    ['an empty file', text('set.jsonl', ''), /set\.jsonl: expected problems, found none in 0 bytes/],
    [
      'an empty Parquet file',
      text('set.parquet', ''),
      /set\.parquet: expected problems, found none in 0 bytes/,
    ],
    ['blank lines alone', text('set.jsonl', '\n \n'), /found none in 3 bytes/],
    ['an empty array', text('set.json', '[]'), /found none in 2 bytes/],
    ['a CSV header alone', text('set.csv', 'problem,answer\n'), /found none in 15 bytes/],
    ['another ending', text('set.xlsx', 'x'), /set\.xlsx: expected .*\.parquet, found \.xlsx\. Convert/],
    ['no ending', text('set', 'x'), /set: expected .*, found no ending/],
    [
      'a broken line',
      text('set.jsonl', '{"problem":"a","answer":1}\n\n{"problem": "b", "ans'),
      /set\.jsonl: line 3 is not JSON: .*found \{"problem": "b", "ans/,
    ],
    [
      'a line that is no object',
      text('set.jsonl', '[1, 2]'),
      /line 1: expected an object .*, found an array of 2/,
    ],
    ['an array of anything', text('set.json', '[{}, 5]'), /row 2: expected an object .*, found 5/],
    ['JSON that is cut', text('set.json', '[{"problem": "a"'), /set\.json: the file is not JSON/],
    [
      'JSON without rows',
      text('set.json', '{"items": []}'),
      /expected an array of problems, .*found an object with items/,
    ],
    ['JSON null', text('set.json', 'null'), /expected an array of problems, .*found null/],
    [
      'CSV with a field too few',
      text('set.csv', 'problem,answer\na,1\nb\n'),
      /set\.csv: this is no CSV .*line 3/,
    ],
    ['CSV with an open quote', text('set.csv', 'problem,answer\n"a,1\n'), /set\.csv: this is no CSV .*Quote/],
    [
      'a cut Parquet file',
      memoryByteSource(cut, 'set.parquet'),
      /set\.parquet: this Parquet file of \d+ bytes cannot be read: .*It may be cut/,
    ],
    [
      'a short Parquet file',
      text('set.parquet', 'PAR1'),
      /set\.parquet: this Parquet file of 4 bytes cannot be read/,
    ],
    [
      'UTF-16',
      memoryByteSource(Uint8Array.of(0xff, 0xfe, 0x7b, 0), 'set.jsonl'),
      /set\.jsonl: expected UTF-8/,
    ],
    [
      'no answer column',
      lines({ problem: 'a', label: 1, level: 2 }),
      /expected one of answer, .* as the column of the answer, found the columns problem, label, level\. Name it with --answer-column/,
    ],
    [
      'a solution without a box in place of an answer',
      lines({ problem: 'a', solution: 'It is 1.' }),
      /found the columns problem, solution\. Name it with --answer-column/,
    ],
    [
      'no problem column',
      lines({ text: 'a', answer: 1 }),
      /column of the problem, found the columns text, answer\. Name it with --problem-column/,
    ],
    [
      'a named column that is not there',
      lines(row),
      /expected "label" as the column of the answer, found the columns problem, answer/,
      { answerColumn: 'label' },
    ],
    [
      'a named problem column that is not there',
      lines(row),
      /expected "text" as the column of the problem/,
      { problemColumn: 'text' },
    ],
    [
      'a row without a problem',
      lines(row, { answer: 1 }),
      /line 2: expected text in column "problem", found nothing/,
    ],
    [
      'a row with an empty problem',
      lines(row, { problem: ' ', answer: 1 }),
      /line 2: expected text in column "problem", found " "/,
    ],
    [
      'a problem that is a number',
      lines({ problem: 5, answer: 1 }),
      /line 1: expected text in column "problem", found 5/,
    ],
    [
      'one solution without a box among others',
      lines({ problem: 'a', solution: '\\boxed{1}' }, { problem: 'b', solution: 'two' }),
      /line 2: expected the answer in a \\boxed\{\}/,
    ],
    [
      'answers that are all empty',
      lines({ problem: 'a', answer: null }, { problem: 'b', answer: '' }),
      /expected answers in column "answer", found it empty in all 2 rows/,
    ],
    [
      'two rows with one id',
      lines({ id: 7, ...row }, { id: 8, ...row }, { id: '7', ...row }),
      /line 3: expected an id of its own, found "7", which line 1 has too/,
    ],
    [
      'an id that is the number of a row without one',
      lines({ id: 1, ...row }, row),
      /line 2: expected an id of its own, found "1"/,
    ],
  ])('%s', async (_, source, message, options) => {
    const failure = await readDataSet(source, options).then(
      () => null,
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(InputError)
    expect((failure as InputError).message).toMatch(message)
  })
})

describe('the digest', () => {
  test('is the same for the same problems in any format', async () => {
    const sources = [
      lines({ problem: '1 + 1?', answer: 2 }, { problem: '2 + 2?', answer: 4 }),
      text('set.csv', 'answer,problem,level\n2,1 + 1?,1\n4,2 + 2?,1\n'),
      parquet({ name: 'problem', data: sums.problem }, { name: 'answer', data: sums.answer }),
    ]
    const digests = await Promise.all(sources.map(async source => dataSetDigest(await readDataSet(source))))
    expect(new Set(digests).size).toBe(1)
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/)
  })

  test('is that of the documented text', async () => {
    const expected = await crypto.subtle.digest(
      'SHA-256',
      new TextEncoder().encode('["0","1 + 1?","2"]\n["1","2 + 2?","4"]'),
    )
    expect(await dataSetDigest(sumsExpected)).toBe(Buffer.from(expected).toString('hex'))
  })

  test('changes with an id, a problem, an answer or the order', async () => {
    const [first, second] = sumsExpected as [(typeof sumsExpected)[0], (typeof sumsExpected)[0]]
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
