import { describe, expect, it } from 'vitest'
import { createTextDecoder, endOfTurn, eosTokenOf, firstBehind } from './tokenizer.ts'

/** A tokenizer whose ids are bytes. */
const byteTokenizer = {
  decode: (ids: readonly number[]) =>
    new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(ids)),
}

function decodeOneByOne(bytes: number[]): string[] {
  const decoder = createTextDecoder(byteTokenizer)
  return [...bytes.map(byte => decoder.push(byte)), decoder.flush()]
}

it('waits until a character is complete', () => {
  const bytes = [...new TextEncoder().encode('a€😀b')]
  expect(decodeOneByOne(bytes)).toEqual(['a', '', '', '€', '', '', '', '😀', 'b', ''])
})

it.each([
  ['a character that never becomes complete', [0x61, 0xf0, 0x9f]],
  ['a character that breaks off', [0xe2, 0x82, 0x61]],
  ['bytes that begin nothing', [0x80, 0x80, 0x80, 0x80, 0x80, 0x62]],
  ['U+FFFD itself', [0xef, 0xbf, 0xbd, 0xef, 0xbf, 0xbd, 0x63]],
  ['nothing', []],
])('joins to the text of all ids: %s', (_, bytes) => {
  expect(decodeOneByOne(bytes).join('')).toBe(byteTokenizer.decode(bytes))
})

it('keeps the space between words of a decoder that leaves out the first', () => {
  const words = ['', ' the', ' ', 'lamp', ' is', ' lit']
  const decode = (ids: readonly number[]) =>
    ids
      .map(id => words[id])
      .join('')
      .replace(/^ /, '')
  const ids = [1, 3, 0, 2, 2, 4, 0, 0, 5, 2, 1, 0]
  const decoder = createTextDecoder({ decode })
  expect(ids.map(id => decoder.push(id)).join('') + decoder.flush()).toBe(decode(ids))
})

it('shows wrong bytes as soon as the next id comes', () => {
  expect(decodeOneByOne([0x80, 0x80, 0x80])).toEqual(['', '\uFFFD', '\uFFFD', '\uFFFD'])
})

describe('endOfTurn', () => {
  const turns = (messages: readonly { role: string; content: string }[], end: string) =>
    messages.map(({ role, content }) => `<s>${role}\n${content}${end}`).join('')

  it.each<[string, string, string[], string | null]>([
    ['right behind', '<end>\n', ['<s>', '<end>'], '<end>'],
    ['behind white space', ' \n <end>', ['<s>', '<end>'], '<end>'],
    ['the first of two', '<end>\n<text>', ['<text>', '<end>'], '<end>'],
    ['the longer of two at one place', '<|end|>', ['<|end', '<|end|>'], '<|end|>'],
    ['what opens the next turn, where nothing ends one', '\n', ['<s>', '<end>'], '<s>'],
    ['none', '\n', ['<end>', ''], null],
  ])('finds %s', (_, end, tokens, expected) => {
    expect(endOfTurn(messages => turns(messages, end), tokens)).toBe(expected)
  })

  it('finds it between turns where it does not stand behind the last, or answers may not be last', () => {
    const between = (messages: readonly { role: string; content: string }[]) =>
      messages.map(({ content }) => content).join('<end><s>')
    expect(endOfTurn(between, ['<s>', '<end>'])).toBe('<end>')
    const strict = (messages: readonly { role: string; content: string }[]) => {
      if (messages.at(-1)!.role !== 'user') throw new Error('the last turn must be the user')
      return turns(messages, '<end>')
    }
    expect(endOfTurn(strict, ['<s>', '<end>'])).toBe('<end>')
    expect(endOfTurn(messages => `${turns(messages, '')}<s>`, ['<end>'])).toBeNull()
  })

  it('finds none where the template refuses', () => {
    const refuse = () => {
      throw new Error('the last turn must be the user')
    }
    expect(endOfTurn(refuse, ['<end>'])).toBeNull()
    expect(firstBehind('a <end>', 'b', ['<end>'])).toBeNull()
  })
})

it.each([
  [{ eos_token: '</s>' }, '</s>'],
  [{ eos_token: { content: '<|im_end|>', special: true } }, '<|im_end|>'],
  [{ eos_token: null }, null],
  [{}, undefined],
  [{ eos_token: 5 }, undefined],
])('the end of text of %j is %j', (json, expected) => {
  expect(eosTokenOf(json)).toBe(expected)
})
