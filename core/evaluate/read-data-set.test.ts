import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { openFileByteSource } from '../../node-runner/files/file-byte-source.ts'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import type { ByteSource } from '../files/byte-source.ts'
import { gradeAnswer } from '../grade/grade-answer.ts'
import { readDataSet } from './read-data-set.ts'

const text = (name: string, content: string) => memoryByteSource(new TextEncoder().encode(content), name)
const lines = (...rows: object[]) => text('set.jsonl', rows.map(row => `${JSON.stringify(row)}\n`).join(''))
const parquet = (...columnData: ColumnSource[]) =>
  memoryByteSource(new Uint8Array(parquetWriteBuffer({ columnData })), 'set.parquet')

const packed = (name: string, content: string) => memoryByteSource(new Uint8Array(gzipSync(content)), name)

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
      problems.map(({ solution, expectedAnswer }) => gradeAnswer(solution!, expectedAnswer)),
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

describe('what a problem needs is part of it', () => {
  test('a story', async () => {
    const { problems, columns } = await readDataSet(
      lines(
        { body: 'Six pears and three plums.', question: 'How many?', answer: '9 (pieces)', grade: 1 },
        { body: '', question: 'How many are 2 and 2?', answer: '4', grade: 1 },
      ),
    )
    expect(problems).toMatchObject([
      { problem: 'Six pears and three plums.\n\nHow many?', expectedAnswer: '9', metadata: { grade: 1 } },
      { problem: 'How many are 2 and 2?', expectedAnswer: '4' },
    ])
    expect(columns).toEqual({
      used: { problem: ['body', 'question'], options: [], answer: ['answer'], id: [], solution: [] },
      optionsNamed: null,
      left: ['grade'],
      unread: {},
    })
  })

  test('the input of an instruction, behind it', async () => {
    const { problems } = await readDataSet(lines({ instruction: 'Add.', input: '1, 2', output: '3' }))
    expect(problems[0]).toMatchObject({ problem: 'Add.\n\n1, 2', expectedAnswer: '3' })
  })

  test('the one message of a conversation', async () => {
    const { problems, columns } = await readDataSet(
      lines({
        prompt: [{ role: 'user', content: '1 + 1?' }],
        reward_model: { ground_truth: '["2"]', style: 'rule' },
        tags: ['a'],
      }),
    )
    expect(problems[0]).toMatchObject({ problem: '1 + 1?', expectedAnswer: '2', metadata: {} })
    expect(columns.left).toEqual(['tags'])
  })
})

describe('finds columns', () => {
  test.each([
    ['Question', 'Final Answer'],
    ['PROBLEM', 'expected-answer'],
    ['query', 'numeric_answer'],
    ['input', 'target'],
    ['question', 'ground_truth'],
  ])('%s and %s', async (problemColumn, answerColumn) => {
    const { problems } = await readDataSet(lines({ [problemColumn]: '1 + 1?', [answerColumn]: 2 }))
    expect(problems).toMatchObject([{ problem: '1 + 1?', expectedAnswer: '2' }])
  })

  test('inside others', async () => {
    const row = {
      context: 'Anna is five.',
      question: 'How old?',
      answers: { text: ['5', '5'], start: [8, 8] },
    }
    const { problems } = await readDataSet(lines(row))
    expect(problems[0]).toMatchObject({ problem: 'Anna is five.\n\nHow old?', expectedAnswer: '5' })
    const named = await readDataSet(lines({ question: 'How old?', label: { value: 5 } }), {
      answerColumn: 'label.value',
    })
    expect(named.problems[0]).toMatchObject({ expectedAnswer: '5' })
  })

  test('with a dot in their names', async () => {
    const { columns } = await readDataSet(lines({ question: '1 + 1?', 'answer.value': '2', 'no.': 7 }))
    expect(columns).toMatchObject({ used: { answer: ['answer.value'] }, left: ['no.'] })
  })

  test('that are filled before those that are empty', async () => {
    const { problems } = await readDataSet(lines({ question: '1 + 1?', answer: null, final_answer: '2' }))
    expect(problems[0]).toMatchObject({ expectedAnswer: '2' })
  })

  test('by their names, or by guess where they are those of another data set', async () => {
    const named = { problemColumn: 'Q', answerColumn: 'A', isNamedForAnother: true }
    for (const row of [
      { Q: '1 + 1?', A: 2 },
      { question: '1 + 1?', answer: 2 },
    ])
      expect((await readDataSet(lines(row), named)).problems[0]).toMatchObject({ expectedAnswer: '2' })
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
    ['CSV with line ends of all kinds', text('set.csv', 'problem,answer\n1 + 1?,2\r\n2 + 2?,4\r')],
    ['CSV with a header of other line ends', text('set.csv', 'problem,answer\r\n1 + 1?,2\n2 + 2?,4\n')],
    ['CSV with semicolons', text('set.csv', csv.replaceAll(',', ';'))],
    ['tab-separated text', text('set.tsv', csv.replaceAll(',', '\t'))],
    ['JSON Lines named .json', text('set.json', jsonl)],
    ['a JSON array named .jsonl', text('set.jsonl', json)],
    ['a JSON array over several lines named .jsonl', text('set.jsonl', json.replace('},{', '},\n{'))],
    ['JSON with a list under another name', text('set.json', `{"version": 1, "items": ${json}}`)],
    ['JSON Lines packed with gzip', packed('set.jsonl.gz', jsonl)],
    ['CSV packed with gzip', packed('set.csv.gz', csv)],
    ['Parquet', parquet({ name: 'problem', data: sums.problem }, { name: 'answer', data: sums.answer })],
    [
      'Parquet with 32-bit integers',
      parquet({ name: 'problem', data: sums.problem }, { name: 'answer', data: [2, 4], type: 'INT32' }),
    ],
  ])('%s', async (_, source) => {
    expect((await readDataSet(source)).problems).toEqual(sumsExpected)
  })

  test('CSV whose line breaks inside fields are those of the file', async () => {
    const source = text('set.csv', 'problem,answer\r\n"1 +\r\n1?",2\r\n')
    expect((await readDataSet(source)).problems[0]).toMatchObject({ problem: '1 +\n1?' })
  })

  test('tab-separated text with quotes of its own', async () => {
    const source = text('set.tsv', 'problem\tanswer\nSay "two" twice\t2\n')
    expect((await readDataSet(source)).problems[0]).toMatchObject({ problem: 'Say "two" twice' })
  })

  test('JSON Lines with the line separator of Unicode in a text', async () => {
    const source = text('set.jsonl', '{"problem":"1\u2028+ 1?","answer":"2"}\n')
    expect((await readDataSet(source)).problems[0]).toMatchObject({ problem: '1\u2028+ 1?' })
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

  test('keep the digits that a double would lose, ids too', async () => {
    const source = text(
      'set.jsonl',
      '{"id":9007199254740993,"problem":"a","answer":12345678901234567890}\n{"id":9007199254740992,"problem":"b","answer":4.0}',
    )
    const { problems } = await readDataSet(source)
    expect(problems.map(({ id }) => id)).toEqual(['9007199254740993', '9007199254740992'])
    expect(problems.map(({ expectedAnswer }) => expectedAnswer)).toEqual(['12345678901234567890', '4'])
  })

  test('of Parquet that no run uses may be of any kind', async () => {
    const source = parquet(
      { name: 'problem', data: ['a'] },
      { name: 'answer', data: ['1'] },
      { name: 'odd', data: [Uint8Array.of(0xff)], type: 'BYTE_ARRAY' },
      { name: 'list', data: [{ a: 1 }], type: 'JSON' },
    )
    const { problems, columns } = await readDataSet(source)
    expect(problems[0]).toMatchObject({ expectedAnswer: '1', metadata: {} })
    expect(columns.left).toEqual(['list', 'odd'])
    expect(columns.unread).toEqual({ odd: 'cannot be read: expected UTF-8 text, found other bytes' })
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
      { big: String(2n ** 60n), ratio: 0.5, time: '1970-01-01T00:00:00Z' },
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
