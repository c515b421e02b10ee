import { expect, it } from 'vitest'
import { describeDecoding } from './words.ts'

it('says which texts end an answer, where there are any', () => {
  const greedy = { temperature: 0, maxNewTokens: 9, seed: 0 }
  expect(describeDecoding(greedy)).toBe('greedy, at most 9 new tokens')
  expect(describeDecoding({ ...greedy, stopTexts: ['####', '\n\n'], samples: 1 })).toBe(
    'greedy, at most 9 new tokens, up to "####" or "\\n\\n", 1 answer a problem',
  )
})
