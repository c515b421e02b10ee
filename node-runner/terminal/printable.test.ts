import fc from 'fast-check'
import { expect, it } from 'vitest'
import { colourByEntropy } from './colour-by-entropy.ts'
import { printable, printableOn } from './printable.ts'

it.each([
  [
    'plain text, ünïcödé, 漢字, 😀 and 👩‍🔬\n\twith lines',
    'plain text, ünïcödé, 漢字, 😀 and 👩‍🔬\n\twith lines',
  ],
  ['\u001b[31mred\u001b[0m', '\\u001b[31mred\\u001b[0m'],
  ['\u001b]0;title\u0007', '\\u001b]0;title\\u0007'],
  ['\u009b31m', '\\u009b31m'],
  ['100 right\r0 right', '100 right\\u000d0 right'],
  ['a\b\0\u007f', 'a\\u0008\\u0000\\u007f'],
  ['abc\u202edef\u2069', 'abc\\u202edef\\u2069'],
  ['a\ud800b\udc00', 'a\\ud800b\\udc00'],
])('shows what a terminal would obey: %j', (text, expected) => {
  expect(printable(text)).toBe(expected)
  expect(printableOn({ isTTY: true }, text)).toBe(expected)
  expect(printableOn({}, text)).toBe(text)
  expect(colourByEntropy(text, 0)).toBe(`\u001b[38;2;140;150;170m${expected}\u001b[0m`)
})

it('leaves JSON the JSON of the same value', () => {
  const text = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(fc.dictionary(text, fc.array(text)), value => {
      for (const indent of [0, 2]) {
        const printed = printable(JSON.stringify(value, null, indent))
        expect(JSON.parse(printed)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(printed).not.toMatch(/[^\P{Cc}\n]/u)
      }
    }),
    { numRuns: 30 },
  )
})
