import { expect, it } from 'vitest'
import { colourByEntropy } from './colour-by-entropy.ts'

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
