import { expect, test } from 'vitest'
import { createTextDecoder } from './text-decoder.ts'

/** A tokenizer whose ids are bytes. */
const byteTokenizer = {
  decode: (ids: readonly number[]) =>
    new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(ids)),
}

function decodeOneByOne(bytes: number[]): string[] {
  const decoder = createTextDecoder(byteTokenizer)
  return [...bytes.map(byte => decoder.push(byte)), decoder.flush()]
}

test('waits until a character is complete', () => {
  const bytes = [...new TextEncoder().encode('a€😀b')]
  expect(decodeOneByOne(bytes)).toEqual(['a', '', '', '€', '', '', '', '😀', 'b', ''])
})

test.each([
  ['a character that never becomes complete', [0x61, 0xf0, 0x9f]],
  ['a character that breaks off', [0xe2, 0x82, 0x61]],
  ['bytes that begin nothing', [0x80, 0x80, 0x80, 0x80, 0x80, 0x62]],
  ['U+FFFD itself', [0xef, 0xbf, 0xbd, 0xef, 0xbf, 0xbd, 0x63]],
  ['nothing', []],
])('joins to the text of all ids: %s', (_, bytes) => {
  expect(decodeOneByOne(bytes).join('')).toBe(byteTokenizer.decode(bytes))
})

test('shows wrong bytes as soon as the next id comes', () => {
  expect(decodeOneByOne([0x80, 0x80, 0x80])).toEqual(['', '\uFFFD', '\uFFFD', '\uFFFD'])
})
