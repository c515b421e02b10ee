import { expect, it } from 'vitest'
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
