import { describe, expect, test } from 'vitest'
import { extractAnswer } from '../grade/extract-answer.ts'
import { promptMessages, promptStyles } from './prompt.ts'

test('asks the problem as it stands', () => {
  expect(promptMessages(' What is 1 + 1?\n')).toEqual([{ role: 'user', content: ' What is 1 + 1?\n' }])
})

test('puts a system prompt first, an empty one too', () => {
  for (const systemPrompt of ['Be brief.', '']) {
    expect(promptMessages('1 + 1', { systemPrompt })).toEqual([
      { role: 'system', content: systemPrompt },
      { role: 'user', content: '1 + 1' },
    ])
  }
})

describe('a style with an instruction', () => {
  test('gives it as system message, and says how to end', () => {
    const [system, user] = promptMessages('1 + 1', { style: 'boxed' })
    expect(system!.role).toBe('system')
    expect(system!.content).toMatch(/within \\boxed\{\}\.$/)
    expect(user).toEqual({ role: 'user', content: '1 + 1' })
  })

  test('gives it behind the problem where there is another system message', () => {
    const [system, user] = promptMessages('1 + 1', { style: 'boxed', systemPrompt: 'Be brief.' })
    expect(system).toEqual({ role: 'system', content: 'Be brief.' })
    expect(user!.content).toMatch(/^1 \+ 1\n.*\\boxed\{\}\.$/)
  })
})

describe('worked examples', () => {
  const gsm8k = { problem: '2 + 3?', solution: 'It is <<2+3=5>>5.\n#### 5', answer: '5' }
  const boxed = { problem: '2 + 3?', solution: 'It is \\boxed{5}.', answer: '5' }
  const bare = { problem: '2 + 3?', solution: 'Five.', answer: '5' }

  test('come before the problem, as if asked and answered', () => {
    const roles = promptMessages('1 + 1', { style: 'boxed', examples: [gsm8k, boxed] }).map(
      ({ role }) => role,
    )
    expect(roles).toEqual(['system', 'user', 'assistant', 'user', 'assistant', 'user'])
  })

  test.each(promptStyles)('end as the style %s asks, in every form they have', style => {
    for (const example of [gsm8k, boxed, bare]) {
      const messages = promptMessages('1 + 1', { style, examples: [example] })
      const { content } = messages.find(({ role }) => role === 'assistant')!
      if (style === 'plain') expect(content).toBe(example.solution)
      if (style === 'boxed') expect(extractAnswer(content)).toEqual({ answer: '5', rule: 'boxed' })
      if (style === 'boxed') expect(content).not.toContain('####')
      if (style === 'hashes') expect(content).toMatch(/#### 5$/)
    }
  })
})
