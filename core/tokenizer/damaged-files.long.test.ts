import { expect, it } from 'vitest'
import { damageGgufTokenizers } from '../../test/support/damaged-gguf-tokenizers.ts'
import { damageTokenizers } from '../../test/support/damaged-tokenizers.ts'
import { propertySeed } from '../../test/support/property-seed.ts'

const cases = 100_000

it.each(['tokenizer', 'template'] as const)(
  'refuses a damaged %s with its own error, or reads it, in bounded time and memory',
  async kind => {
    const before = process.resourceUsage().maxRSS
    const { refused, slowestMs, slowest } = await damageTokenizers(kind, cases, propertySeed + 1)
    const grownBy = process.resourceUsage().maxRSS - before
    console.log(
      `${cases} damaged ${kind} files: ${refused} refused; the slowest took ${Math.round(slowestMs)} ms: ${slowest.slice(0, 500)}; ` +
        `at most ${Math.round(grownBy / 1000)} MB more`,
    )
    expect(refused).toBeGreaterThan(cases / 10)
    expect(refused).toBeLessThan(cases)
    // In kB; no case may take more, whatever the process had before.
    expect(grownBy).toBeLessThan(512_000)
  },
  7_200_000,
)

it('refuses a damaged tokenizer of a GGUF file with its own error, or reads it', () => {
  const { refused, slowestMs } = damageGgufTokenizers(cases, propertySeed + 1)
  console.log(
    `${cases} damaged tokenizers in GGUF: ${refused} refused; the slowest took ${Math.round(slowestMs)} ms`,
  )
  expect(refused).toBeGreaterThan(cases / 10)
  expect(refused).toBeLessThan(cases)
}, 7_200_000)
