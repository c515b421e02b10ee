import { expect, it } from 'vitest'
import { describeMutatedAnswers, gradeMutatedAnswers } from './mutated-answers.ts'

it('10,000 mutated answers all end in a verdict', async () => {
  const found = await gradeMutatedAnswers(10_000)
  console.log(describeMutatedAnswers(found))
  expect(found.failures).toEqual([])
  // Mutants that nothing could be found in would test little.
  expect(found.counts.equal).toBeGreaterThan(200)
  expect(found.counts.unequal).toBeGreaterThan(4_000)
})
