import { expect, test } from 'vitest'
import { promptMessages } from './prompt.ts'

test('asks the problem as it stands', () => {
  expect(promptMessages(' What is 1 + 1?\n')).toEqual([{ role: 'user', content: ' What is 1 + 1?\n' }])
})

test('puts a system prompt first, an empty one too', () => {
  for (const systemPrompt of ['Be brief.', '']) {
    expect(promptMessages('1 + 1', systemPrompt)).toEqual([
      { role: 'system', content: systemPrompt },
      { role: 'user', content: '1 + 1' },
    ])
  }
})
