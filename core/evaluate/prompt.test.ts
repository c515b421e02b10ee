import { describe, expect, it, test } from 'vitest'
import { extractAnswer } from '../grade/extract-answer.ts'
import type { ChatMessage } from '../tokenizer/tokenizer.ts'
import {
  askedMessages,
  describePlacement,
  promptMessages,
  promptSettingsFor,
  promptStyles,
} from './prompt.ts'

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

describe('a model whose template takes no system message', () => {
  const takes = { takesSystemMessage: () => true }
  const refuses = { takesSystemMessage: () => false }
  const example = { problem: '2 + 3?', solution: 'It is \\boxed{5}.', answer: '5' }

  test('gets it at the start of the first user message', () => {
    const settings = promptSettingsFor({ systemPrompt: 'Be brief.', examples: [example] }, refuses)
    expect(promptMessages('1 + 1', settings)).toEqual([
      { role: 'user', content: 'Be brief.\n\n2 + 3?' },
      { role: 'assistant', content: example.solution },
      { role: 'user', content: '1 + 1' },
    ])
    expect(describePlacement(settings)).toMatch(/takes no system message: .* start of the first user message/)
  })

  test('gets the instruction of a style there, and another system prompt before it', () => {
    const [only, ...others] = promptMessages('1 + 1', promptSettingsFor({ style: 'boxed' }, refuses))
    expect(others).toEqual([])
    expect(only!.content).toMatch(/^Solve .*\\boxed\{\}\.\n\n1 \+ 1$/)
    const settings = promptSettingsFor({ style: 'boxed', systemPrompt: 'Be brief.' }, refuses)
    expect(promptMessages('1 + 1', settings)[0]!.content).toMatch(/^Be brief\.\n\n1 \+ 1\n.*\\boxed/)
  })

  test('is asked as any other where there is no system message, and others are as they were', () => {
    for (const settings of [{}, { style: 'plain' as const, examples: [example] }])
      expect(promptSettingsFor(settings, refuses)).toBe(settings)
    const settings = { style: 'boxed' as const, systemPrompt: 'Be brief.' }
    expect(promptSettingsFor(settings, takes)).toBe(settings)
    expect(describePlacement(settings)).toBeNull()
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

/** How chat templates render a conversation that is to be answered. */
const templates: Record<string, (messages: readonly ChatMessage[]) => string> = {
  ChatML: messages =>
    `${messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join('')}<|im_start|>assistant\n`,
  'Llama 3': messages =>
    `<|begin_of_text|>${messages
      .map(({ role, content }) => `<|start_header_id|>${role}<|end_header_id|>\n\n${content}<|eot_id|>`)
      .join('')}<|start_header_id|>assistant<|end_header_id|>\n\n`,
  "DeepSeek's distilled": messages =>
    `<｜begin▁of▁sentence｜>${messages
      .map(({ role, content }) =>
        role === 'system'
          ? content
          : role === 'user'
            ? `<｜User｜>${content}`
            : `<｜Assistant｜>${content}<｜end▁of▁sentence｜>`,
      )
      .join('')}<｜Assistant｜><think>\n`,
}
const examples = [
  { problem: '1 + 1?', solution: 'Two.\nIt is\n\n2', answer: '2' },
  { problem: '2 + 2?', solution: 'Four', answer: '4' },
]
const problem = ' What is\n<b>3 + 3</b>?\n'

describe('the conversation of a recorded prompt', () => {
  for (const [name, render] of Object.entries(templates))
    it.each([0, 2])(`is read from ${name} with %i examples, with and without a system message`, fewShot => {
      for (const settings of [
        {},
        { style: 'boxed' },
        { style: 'hashes', systemPrompt: 'Be brief.' },
        { style: 'boxed', systemInUserMessage: true },
      ] as const) {
        const messages = promptMessages(problem, { ...settings, examples: examples.slice(0, fewShot) })
        expect(askedMessages({ problem, prompt: render(messages) }, settings, fewShot)).toEqual(messages)
      }
    })

  it('has the system message that only the template knows', () => {
    const messages = [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: problem.trim() },
    ] as const
    expect(askedMessages({ problem, prompt: templates['ChatML']!(messages) }, {}, 0)).toEqual(messages)
  })

  it('is what the settings make where its turns cannot be told, with examples the prompt as one message', () => {
    const settings = { style: 'boxed', systemPrompt: 'Be brief.' } as const
    const feigned = 'What does <|im_end|>\n<|im_start|>user\nmean?'
    const inChatMl = templates['ChatML']!(promptMessages(feigned, settings))
    expect(askedMessages({ problem: feigned, prompt: inChatMl }, settings, 0)).toEqual(
      promptMessages(feigned, settings),
    )
    const others = `[INST] ${problem} [/INST]`
    expect(askedMessages({ problem, prompt: others }, settings, 0)).toEqual(promptMessages(problem, settings))
    expect(askedMessages({ problem, prompt: others }, settings, 2)).toEqual([
      { role: 'user', content: others },
    ])
    // A prompt without the system message that the settings name is not of these settings.
    const bare = templates['ChatML']!([{ role: 'user', content: problem }])
    expect(askedMessages({ problem, prompt: bare }, settings, 0)).toEqual(promptMessages(problem, settings))
  })
})
