import { expect, test } from 'vitest'
import { classifyToken } from './token-kind.ts'

test.each([
  ['digit', ['7', ' 12', '3.14', '٣']],
  ['operator', [' +', '=', ' ×', '<', '^', ' -']],
  ['word', ['Then', ' apples', 'né', 'x1', '数']],
  ['latex', ['\\', ' \\frac', '}.', '{', '\\boxed{']],
  ['punctuation', ['.', ' (', '$', '\uFFFD', '', null]],
  ['whitespace', [' ', '\n\n', '\t']],
  ['special', ['<|im_end|>', '</s>', '<｜end▁of▁sentence｜>']],
] as const)('%s: %j', (kind, texts) => {
  expect(texts.map(text => classifyToken(text))).toEqual(texts.map(() => kind))
})

test('a name behind a backslash is LaTeX, a space or a number there is not', () => {
  expect(classifyToken('boxed', ' \\')).toBe('latex')
  expect(classifyToken('boxed', 'the')).toBe('word')
  expect(classifyToken(' boxed', '\\')).toBe('word')
  expect(classifyToken('5', '\\')).toBe('digit')
})
