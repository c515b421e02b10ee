import { expect, test } from 'vitest'
import type { ByteSource } from '../files/byte-source.ts'
import { readDataSet } from './read-data-set.ts'
import { maximumTextLength } from './text-pieces.ts'

const rowBytes = 2 ** 20

/** A file of rows of a mebibyte each, made as it is read. `frame` gives a row's beginning and end; `fill` lies between. */
function longFile(name: string, header: string, fill: string, frame: (row: number) => [string, string]) {
  const encoder = new TextEncoder()
  const count = Math.ceil(maximumTextLength / rowBytes) + 1
  const rowOf = (row: number) => {
    const [beginning, end] = frame(row)
    const rest = rowBytes - encoder.encode(`${beginning}${end}\n`).length
    return encoder.encode(`${beginning}${fill.repeat(rest)}${end}\n`)
  }
  const source: ByteSource = {
    name,
    byteLength: header.length + count * rowBytes,
    async slice(start, end = source.byteLength) {
      const bytes = new Uint8Array(end - start)
      for (let place = start; place < end; ) {
        const row = Math.floor((place - header.length) / rowBytes)
        const inside = row < 0 ? place : place - header.length - row * rowBytes
        const part = (row < 0 ? encoder.encode(header) : rowOf(row)).subarray(inside, inside + end - place)
        bytes.set(part, place - start)
        place += part.length
      }
      return bytes.buffer
    },
  }
  return { source, count }
}

test.each([
  longFile('set.jsonl', '', ' ', row => [`{"problem":"é ${row}"`, `,"answer":${row}}`]),
  longFile('set.json', '', ' ', row => [`{"problem":"é ${row}"`, `,"answer":${row}}`]),
  longFile('set.csv', 'problem,answer\n', '\n', row => [`é ${row},${row}`, '']),
])(
  'a file of more characters than a string may have is read',
  { timeout: 600_000 },
  async ({ source, count }) => {
    expect(source.byteLength).toBeGreaterThan(maximumTextLength)
    const { problems } = await readDataSet(source)
    expect(problems).toHaveLength(count)
    expect(problems.at(-1)).toMatchObject({ problem: `é ${count - 1}`, expectedAnswer: String(count - 1) })
  },
)
