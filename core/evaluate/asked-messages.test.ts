import { describe, expect, it } from 'vitest'
import type { ChatMessage } from '../generate/tokenizer.ts'
import { askedMessages } from './asked-messages.ts'
import { promptMessages } from './prompt.ts'

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
