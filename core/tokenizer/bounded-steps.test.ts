import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { promptFolders } from '../../test/golden/prompts-folders.ts'
import { filesInMemory } from '../../test/support/files-in-memory.ts'
import { InputError } from '../input-error.ts'
import { BoundedPattern } from './bounded-pattern.ts'
import { knownPatterns } from './bounded-steps.ts'
import { openTokenizer } from './open-tokenizer.ts'

const ships = promptFolders['as it ships']!.files
const plain = ships['tokenizer.json'] as Record<string, object>
const open = (changed: object) =>
  openTokenizer(filesInMemory({ ...ships, 'tokenizer.json': { ...plain, ...changed } }))

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
const split = (Regex: string, behavior = 'Isolated') => ({
  type: 'Split',
  pattern: { Regex },
  behavior,
  invert: false,
})
const pretokenizers = (...steps: object[]) => ({
  pre_tokenizer: { type: 'Sequence', pretokenizers: [...steps, byteLevel] },
})
const normalizers = (...steps: object[]) => ({ normalizer: { type: 'Sequence', normalizers: steps } })
const replace = (from: string, content: string) => ({ type: 'Replace', pattern: { String: from }, content })
const many = <Item>(count: number, item: Item) => Array.from({ length: count }, () => item)

describe('a step that would not end', () => {
  it.each([
    [
      'a pattern with countless ways',
      pretokenizers(split('(a+)+$')),
      /pattern "\(a\+\)\+\$" of pre_tokenizer\.pretokenizers\.0 takes too many steps/,
    ],
    ['one that removes what it finds', pretokenizers(split('(a|a)*$', 'Removed')), /takes too many steps/],
    [
      'one that replaces',
      normalizers({ type: 'Replace', pattern: { Regex: '(a|aa)+$' }, content: '' }),
      /of normalizer\.normalizers\.0 takes too many steps/,
    ],
    [
      'texts that grow',
      normalizers(...many(20, replace('a', 'aa'))),
      /normalizer\.normalizers\.\d+ writes too much/,
    ],
    [
      'bytes of bytes',
      { pre_tokenizer: { type: 'Sequence', pretokenizers: many(40, byteLevel) } },
      /pre_tokenizer\.pretokenizers\.\d+ writes too much/,
    ],
    [
      'spaces of spaces',
      { pre_tokenizer: { type: 'Sequence', pretokenizers: many(40, { type: 'Metaspace', str_rep: '  ' }) } },
      /writes too much/,
    ],
  ])('is given up after as many steps on every machine: %s', async (_, changed, message) => {
    const tokenizer = await open(changed)
    const text = `${'a é'.repeat(200)}${'a'.repeat(200)}!`
    expect(() => tokenizer.encode(text)).toThrow(InputError)
    expect(() => tokenizer.encode(text)).toThrow(message)
    expect(() => tokenizer.encode(text)).toThrow(/^folder\/tokenizer\.json: .* for a text of 801 characters/)
    expect(tokenizer.encode('')).toEqual([])
  })

  it('is one of decoding, too', async () => {
    const tokenizer = await open({
      decoder: { type: 'Sequence', decoders: [byteLevel, ...many(30, replace('a', 'aa'))] },
    })
    expect(() => tokenizer.decode(tokenizer.encode('a'))).toThrow(/decoder\.decoders\.\d+ writes too much/)
  })

  it.each([
    [
      pretokenizers({ type: 'FixedLength', length: 0 }),
      /pre_tokenizer\.pretokenizers\.0: length is 0, expected a whole number above 0/,
    ],
    [pretokenizers(split('(a)\\1')), /pretokenizers\.0: a reference back to a group is not known here/],
    [
      pretokenizers(split('a'.repeat(10_001))),
      /pattern is .*, expected a Regex or a String of at most 10000 characters/,
    ],
    [
      pretokenizers({ type: 'Split', behavior: 'Isolated' }),
      /pattern is undefined, expected a Regex or a String/,
    ],
    [
      pretokenizers({ type: 'Metaspace', replacement: '_'.repeat(1001) }),
      /replacement is .*, expected a text of at most 1000/,
    ],
    [
      normalizers(...many(51, { type: 'NFC' })),
      /normalizer\.normalizers\.49: one of its steps is 51, expected at most 50/,
    ],
    [normalizers({ type: 'Prepend', prepend: 7 }), /prepend is 7, expected a text/],
    [normalizers({ type: 'Nothing' }), /Unknown Normalizer type: Nothing/],
    [
      { model: { ...plain['model'], max_input_chars_per_word: 1e9 } },
      /max_input_chars_per_word is 1000000000, expected at most 200/,
    ],
  ])('is refused where it cannot be bounded: %#', async (changed, message) => {
    await expect(open(changed)).rejects.toThrow(InputError)
    await expect(open(changed)).rejects.toThrow(message)
  })
})

it('makes the same of a pattern whether it is known or not', async () => {
  const piece = fc.constantFrom(
    'a',
    "'s",
    "'S",
    ' ',
    '\n',
    '\r\n',
    '12',
    '٣',
    'é',
    '漢',
    '😀',
    '!',
    '\u00a0',
    'e\u0301',
  )
  const text = fc.array(piece, { maxLength: 20 }).map(all => all.join(''))
  const native = await open(pretokenizers(split(knownPatterns.llama3)))
  const counted = await open(pretokenizers(split(`(?:${knownPatterns.llama3})`)))
  fc.assert(
    fc.property(text, text => {
      expect(counted.encode(text)).toEqual(native.encode(text))
    }),
  )
})

it.each(Object.entries(knownPatterns))('takes few steps on any text: %s', async (_, source) => {
  let steps = 0
  const pattern = new BoundedPattern(source, { step: count => (steps += count), write() {} })
  for (const piece of [' ', '\n', ' \n', 'a', "'", '1', '!', ' a', '!\n', '\t\r', "'s", 'é', '😀'])
    for (const end of ['', 'a', ' ', '\n', '!']) {
      steps = 0
      const text = piece.repeat(500) + end
      expect(Array.from(text.matchAll(pattern as unknown as RegExp), ({ 0: match }) => match).join('')).toBe(
        text,
      )
      expect(steps / text.length, JSON.stringify(piece + end)).toBeLessThan(60)
    }
})
