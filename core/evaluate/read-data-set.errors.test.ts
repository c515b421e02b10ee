import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import type { ByteSource } from '../formats/byte-source.ts'
import { InputError } from '../input-error.ts'
import type { DataSetOptions } from './data-set-columns.ts'
import { readDataSet } from './read-data-set.ts'

const text = (name: string, content: string) => memoryByteSource(new TextEncoder().encode(content), name)
const lines = (...rows: object[]) => text('set.jsonl', rows.map(row => `${JSON.stringify(row)}\n`).join(''))

describe('refuses', () => {
  const columnData = [
    { name: 'problem', data: ['a', 'b'] },
    { name: 'answer', data: ['1', '2'] },
  ]
  const cut = new Uint8Array(parquetWriteBuffer({ columnData })).slice(0, -9)
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
      'a problem without an answer among others',
      lines(row, { problem: 'b', answer: null }, { problem: 'c', answer: ['7'] }, { problem: 'd' }),
      /line 2: expected an answer in column "answer", found none, in 2 of 4 rows \(also line 4\)/,
    ],
    [
      'two columns of one name',
      text('set.csv', 'problem,answer,answer\na,1,2\n'),
      /set\.csv: expected columns of different names, found "answer" twice/,
    ],
    [
      'two rows with one id',
      lines({ id: 7, ...row }, { id: 8, ...row }, { id: '7', ...row }),
      /line 3: expected an id of its own, found "7", which set\.jsonl: line 1 has too/,
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
