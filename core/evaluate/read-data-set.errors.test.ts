import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import type { ByteSource } from '../files/byte-source.ts'
import { InputError } from '../input-error.ts'
import type { DataSetOptions } from './data-set-columns.ts'
import { readRows } from './data-set-rows.ts'
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
    [
      'an array of anything',
      text('set.json', '[{"problem":"a"}, 5]'),
      /row 2: expected an object .*, found 5/,
    ],
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
      'a Git LFS pointer',
      text('set.jsonl', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'),
      /set\.jsonl: .* a Git LFS pointer, .* "git lfs pull"/,
    ],
    [
      'a Git LFS pointer to Parquet',
      text('set.parquet', 'version https://git-lfs.github.com/spec/v1\n'),
      /a Git LFS pointer/,
    ],
    [
      'a web page',
      text('set.csv', '\n<!DOCTYPE html>'),
      /set\.csv: .* a web page\. Download the file itself/,
    ],
    ['Parquet by another name', text('set.jsonl', 'PAR1'), /a Parquet file\. Rename it to \.parquet/],
    [
      'gzip by another name',
      memoryByteSource(gzipSync('{}'), 'set.jsonl'),
      /packed with gzip\. Add \.gz to its name/,
    ],
    [
      'gzip that is cut',
      memoryByteSource(gzipSync('{"problem":"a","answer":"1"}').subarray(0, 30), 'set.jsonl.gz'),
      /set\.jsonl\.gz: cannot be unpacked: .* may be cut/,
    ],
    [
      'rows without columns',
      text('set.jsonl', '{}\n{}\n'),
      /line 1: expected an object .*, found an empty object/,
    ],
    [
      'lists in lists',
      text('set.jsonl', `{"problem":${'['.repeat(1_000_000)}`),
      /line 1: lists and objects in each other more than 64 deep/,
    ],
    [
      'more values than its length explains',
      text('set.json', `[${'{},'.repeat(1_000_000)}{}]`),
      /set\.json: the file: more than \d+ values/,
    ],
    [
      'a header of 6,000 columns',
      text('set.csv', `${'c,'.repeat(6000)}\n`),
      /at most 5000 columns, found 6001/,
    ],
    [
      'text that gzip made a thousandth',
      memoryByteSource(gzipSync('a'.repeat(2 ** 25)), 'set.jsonl.gz'),
      /set\.jsonl\.gz: expected text, .* found more than \d+ bytes packed in \d+/,
    ],
    [
      'more rows than bytes',
      memoryByteSource(gzipSync(`problem,answer\n${'a,1\n'.repeat(200_000)}`), 'set.csv.gz'),
      /set\.csv\.gz: expected no more problems than bytes/,
    ],
    ['a file that is named .gz', text('set.csv.gz', 'a,b\n'), /not packed at all/],
    [
      'a name of every object',
      text('set.constructor', 'x'),
      /expected .*\.jsonl, \.json, \.csv, \.tsv or \.parquet, found \.constructor/,
    ],
    [
      'NaN as Python writes it',
      text('set.jsonl', '{"problem":"a","answer":"1","x":NaN}'),
      /set\.jsonl: line 1 is not JSON: it holds NaN as Python writes it/,
    ],
    [
      'Windows-1252',
      memoryByteSource(
        Uint8Array.from([...'problem,answer\ncaf\u00e9,1\n'], sign => sign.charCodeAt(0)),
        'set.csv',
      ),
      /set\.csv: expected UTF-8/,
    ],
    [
      'other bytes than text in Parquet',
      memoryByteSource(
        new Uint8Array(
          parquetWriteBuffer({
            columnData: [
              { name: 'problem', data: [Uint8Array.of(0xff)], type: 'BYTE_ARRAY' },
              { name: 'answer', data: ['1'] },
            ],
          }),
        ),
        'set.parquet',
      ),
      /set\.parquet: column "problem" of the problem cannot be read: expected UTF-8 text, found other bytes/,
    ],
    [
      'a conversation of several messages',
      lines({
        prompt: [
          { role: 'system', content: 'Add.' },
          { role: 'user', content: '1 + 1?' },
        ],
        answer: 2,
      }),
      /line 1: expected text in column "prompt", found a list of 2, .*it holds a list/,
    ],
    [
      'several answers',
      lines({ problem: 'a', answer: ['3', '-3'] }),
      /line 1: expected an answer in column "answer", found a list of 2, .*it holds lists/,
    ],
    [
      'words for no value, each by its row',
      text('set.csv', 'problem,answer\na,2\nb,NA\nc,nan\n'),
      /set\.csv: row 2: .* found "NA", .* in 2 of 3 rows \(also row 3\).*\\text\{None\}/,
    ],
    [
      'a word for no value as a problem',
      text('set.csv', 'problem,answer\nnan,2\n'),
      /row 1: expected text .* found "nan"/,
    ],
    [
      'prose',
      lines({ problem: 'a', answer: 'She adds both. Then she has many.' }),
      /line 1: .* prose that names no final answer/,
    ],
    [
      'no answer column',
      lines({ problem: 'a', label: 1, level: 2 }),
      /expected one of .*answer, .* as the column of the answer, found the columns problem, label, level\. Name it with --answer-column/,
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

describe('texts longer than a string may be', () => {
  const limit = 40
  const rows = '{"problem":"a","answer":1}\n{"problem":"b","answer":2}\n'

  test('are read by lines, whatever the name', async () => {
    for (const name of ['set.jsonl', 'set.json'])
      expect((await readRows(text(name, rows), { limit })).rows).toHaveLength(2)
  })

  test('are refused in one value or one line', async () => {
    const array = `[${rows.trim().replace('\n', ',')}]`
    await expect(readRows(text('set.json', array), { limit })).rejects.toThrow(
      /set\.json: expected JSON of at most 40 characters in one value.*\.jsonl/,
    )
    await expect(
      readRows(text('set.jsonl', rows.replace('a"', `${'a'.repeat(40)}"`)), { limit }),
    ).rejects.toThrow(/set\.jsonl: line 1: expected a line of at most 40 characters/)
  })
})
