import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ExtractionRule, extractAnswer } from './extract-answer.ts'

const cases: [ExtractionRule, string, string][] = [
  ['boxed', 'First \\boxed{1}, then \\boxed{2}.', '2'],
  ['boxed', '\\[\\boxed{42}\\]', '42'],
  ['boxed', '\\fbox{42}', '42'],
  ['boxed', '\\boxed {42}', '42'],
  ['boxed', '\\\\boxed{42}', '42'],
  ['boxed', '\\boxed{\\frac{1}{2}}', '\\frac{1}{2}'],
  ['boxed', '\\boxed{\\{1, 2\\}}', '\\{1, 2\\}'],
  ['boxed', '\\boxed{\\boxed{5}}', '5'],
  ['boxed', '\\boxed{5} and the answer is 7', '5'],
  ['boxed', '\\boxed{5 and \\boxed{7}', '7'],
  ['boxed', '\\boxed{5} and \\boxed{7', '5'],
  ['boxed', 'f = } { \\boxed{5}', '5'],
  ['boxed', '\\boxed{5} \\boxed{ }', '5'],
  ['the answer is', 'The answer is 42.', '42'],
  ['the answer is', 'the answer is 1. No, THE ANSWER IS 2!', '2'],
  ['the answer is', 'The final answer is: $\\frac{1}{2}$. I hope so.', '\\frac{1}{2}'],
  ['the answer is', 'The answer is **3.5**.\nIndeed 4.', '3.5'],
  ['the answer is', 'the answer is\n\\(x = 5\\).', 'x = 5'],
  ['the answer is', 'The answer is 5 apples, 2 of them red. 7', '5 apples, 2 of them red'],
  ['the answer is', 'The answer is \\boxed{5', '\\boxed{5'],
  ['####', '48 + 24 = 72\n#### 72', '72'],
  ['####', '#### 1\n#### 1,000.\nbye', '1,000'],
  ['whole text', '42', '42'],
  ['whole text', ' 1/2 ', '1/2'],
  ['whole text', 'x = \\sqrt{2}', 'x = \\sqrt{2}'],
  ['whole text', '[0, \\infty)', '[0, \\infty)'],
  ['whole text', '5 apples', '5 apples'],
  ['whole text', 'blue', 'blue'],
  ['last number', '21 * 7 = 147. 147 - 90 = 57', '57'],
  ['last number', '147 / 7 = 21', '21'],
  ['last number', 'so 10-3 it is', '3'],
  ['last number', 'so it is -3.', '-3'],
  ['last number', 'so x = - 3 holds', '- 3'],
  ['last number', 'it is 1,234,567.5 at most', '1,234,567.5'],
  ['last number', 'it costs 1{,}234 in all', '1{,}234'],
  ['last number', 'one of 1,2,3 we take', '3'],
  ['last number', 'about .5 of it', '.5'],
  ['last number', 'about 3/4 of it', '3/4'],
  ['last number', 'we get -\\dfrac{3}{4} then', '-\\dfrac{3}{4}'],
  ['last number', 'we get \\frac34 then', '\\frac34'],
  ['last number', 'we need 2 1/2 cups', '2 1/2'],
  ['last number', 'nearly 3 \\times 10^{5} of them', '3 \\times 10^{5}'],
  ['last number', 'this is 50\\% of it', '50\\%'],
  ['last number', '#### Step 2\nso 7 remain', '7'],
  ['last number', '#### 2. Count them\nso 7 remain', '7'],
  ['last number', 'but \\boxed{5 is open', '5'],
]

test.each(cases)('%s: %j', (rule, text, answer) => {
  expect(extractAnswer(text)).toEqual({ answer, rule })
})

test.each([
  '',
  '   ',
  'nothing to see here',
  '\\boxed{}',
  '\\boxed{  }',
  '####',
  'the answer is',
  '{}',
  '\\',
  '...',
])('finds nothing in %j', text => expect(extractAnswer(text)).toBeNull())

describe('any text', () => {
  const balanced = fc.letrec<{ tree: string }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.stringMatching(/^[\w +*/^$.,=-]{1,8}$/),
      tie('tree').map(inner => `{${inner}}`),
      tie('tree').map(inner => `\\{${inner}\\}`),
      fc.tuple(tie('tree'), tie('tree')).map(parts => `\\frac{${parts.join('}{')}}`),
    ),
  })).tree

  test('what is boxed comes out', () => {
    const around = fc.stringMatching(/^[\w .,$]*$/)
    fc.assert(
      fc.property(around, balanced, around, (before, answer, after) => {
        const expected = answer.trim() === '' ? null : { answer: answer.trim(), rule: 'boxed' }
        const found = extractAnswer(`${before}\\boxed{${answer}}${after}`)
        if (expected === null) expect(found?.rule).not.toBe('boxed')
        else expect(found).toEqual(expected)
      }),
    )
  })

  test('an answer is part of the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(text).toContain(extractAnswer(text)?.answer ?? '')
      }),
      { numRuns: 2_000 },
    )
  })
})

test.each([
  '{',
  '}',
  '{}',
  '\\',
  '\\boxed{',
  '\\boxed{}',
  '\\boxed{ ',
  '\\boxed  ',
  ' ',
  '\n',
  '1',
  '1,111',
  ',111',
  '1/',
  '1 ',
  '1.',
  '.',
  '-',
  '- ',
  '$',
  '*',
  '####',
  '#### 1',
  'the ',
  'the answer ',
  'the answer is ',
  'the answer is\n',
  '\\frac',
  '\\frac{1',
  '\\frac1',
  'a',
  '10^',
  '1e',
])('a million characters of %j take no time to speak of', piece => {
  const text = piece.repeat(Math.ceil(1e6 / piece.length))
  const start = performance.now()
  extractAnswer(text)
  // Linear time is a few tenths of a second; quadratic time would be many minutes.
  expect(performance.now() - start).toBeLessThan(10_000)
})
