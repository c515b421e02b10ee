import fc from 'fast-check'
import { expect, it } from 'vitest'
import { colourByEntropy, printable, printableOn } from './printable.ts'

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

/** The red, green and blue of a coloured text. */
function colourOf(entropyNats: number): number[] {
  const coloured = colourByEntropy('a\nb', entropyNats)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what colours a terminal.
  const match = /^\u001b\[38;2;(\d+);(\d+);(\d+)ma\nb\u001b\[0m$/.exec(coloured)
  expect(match, coloured).not.toBeNull()
  return match!.slice(1).map(Number)
}

it('colours a text by five steps of entropy, and resets after it', () => {
  const upTo = [0.01, 0.1, 0.5, 1]
  for (const [index, bound] of upTo.entries()) {
    expect(colourOf(bound)).toEqual(colourOf(bound - 0.005))
    expect(colourOf(bound)).not.toEqual(colourOf(bound + 0.005))
    expect(colourOf(bound + 0.005)).toEqual(colourOf(upTo[index + 1] ?? 12))
  }
  // A colour-blind reader tells the surest from the least sure by lightness.
  const lightness = ([r = 0, g = 0, b = 0]: number[]) => 0.2126 * r + 0.7152 * g + 0.0722 * b
  expect(lightness(colourOf(5)) - lightness(colourOf(0))).toBeGreaterThan(50)
})
