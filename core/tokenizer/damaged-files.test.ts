import { expect, it } from 'vitest'
import { damageGgufTokenizers } from '../../test/support/damaged-gguf-tokenizers.ts'
import { damageTokenizers } from '../../test/support/damaged-tokenizers.ts'
import { propertySeed } from '../../test/support/property-seed.ts'

it.each(['tokenizer', 'template'] as const)(
  'refuses a damaged %s with its own error, or reads it',
  async kind => {
    const { cases, refused, slowestMs } = await damageTokenizers(kind, 500, propertySeed)
    console.log(
      `${cases} damaged ${kind} files: ${refused} refused; the slowest took ${Math.round(slowestMs)} ms`,
    )
    expect(refused).toBeGreaterThan(50)
    expect(refused).toBeLessThan(cases)
  },
)

it('refuses a damaged tokenizer of a GGUF file with its own error, or reads it', () => {
  const { refused, slowestMs } = damageGgufTokenizers(2_000, propertySeed)
  console.log(
    `2000 damaged tokenizers in GGUF: ${refused} refused; the slowest took ${Math.round(slowestMs)} ms`,
  )
  expect(refused).toBeGreaterThan(200)
  expect(refused).toBeLessThan(1_800)
})
