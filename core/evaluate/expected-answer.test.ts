import { describe, expect, test } from 'vitest'
import { readExpectedAnswer } from './expected-answer.ts'

describe('the answer of', () => {
  test.each<[unknown, string]>([
    ['12', '12'],
    [' 7 ', '7'],
    [2.9, '2.9'],
    [true, 'true'],
    ['9 (pieces)', '9'],
    ['$4.50 (dollars)', '$4.50'],
    ['1/2 (cup)', '1/2'],
    ['5 (mod 7)', '5 (mod 7)'],
    ['101 (base 2)', '101 (base 2)'],
    ['(1, 2)', '(1, 2)'],
    [['3'], '3'],
    [['Denver', 'Denver'], 'Denver'],
    ["['2']", '2'],
    ['["a \\"b\\""]', 'a "b"'],
    ['[2]', '[2]'],
    ['[1, 2]', '[1, 2]'],
    ['none of these', 'none of these'],
    ['\\text{None}', '\\text{None}'],
    ['Na', 'Na'],
    ['x = 3 or x = -3', 'x = 3 or x = -3'],
    ['St. Louis, Missouri', 'St. Louis, Missouri'],
    ['No such function exists.', 'No such function exists.'],
    ['\\text{all real numbers except } 0.', '\\text{all real numbers except } 0.'],
  ])('%j is %j', (cell, answer) => {
    expect(readExpectedAnswer(cell)).toEqual({ answer, solution: null })
  })

  test.each([
    ['So it is \\boxed{\\frac{1}{2}}.', '\\frac{1}{2}'],
    ['48 / 2 = 24. 48 + 24 = 72.\n#### 72', '72'],
    ['Two dozen are 24. Half of them is 12. A: 12', '12'],
    ['We add both numbers. Therefore the final answer is **12 eggs**. Well done.', '12 eggs'],
    ['First we divide by 2. Answer: $x = 5$', 'x = 5'],
    ['The answer is 4.', '4'],
  ])('a solution is what it ends with: %j', (cell, answer) => {
    expect(readExpectedAnswer(cell)).toEqual({ answer, solution: cell })
  })
})

describe('no answer is', () => {
  const words = [
    '',
    ' ',
    'NA',
    'N/A',
    'n/a',
    'nan',
    'NaN',
    'None',
    'null',
    'NULL',
    '<NA>',
    '#N/A',
    '-',
    '--',
    '?',
  ]

  test.each<unknown>([...words, null, undefined, Number.NaN, []])('%j', cell => {
    expect(readExpectedAnswer(cell)).toMatchObject({ isMissing: true })
  })

  test.each<[unknown, RegExp]>([
    [['3', '-3'], /list of 2, \["3","-3"\].* lists/],
    ["['3', '-3']", /list of 2.* lists/],
    [{ text: ['3'], start: [1] }, /structure of text, start: .* structures/],
    ['First we add. Then we see that many remain. It is clear.', /^prose that names no final answer, "First/],
    ['She has 12 apples left.', /^prose/],
    [`It is ${'very '.repeat(30)}much`, /^prose/],
  ])('to be read from %j', (cell, found) => {
    const answer = readExpectedAnswer(cell)
    expect(answer).toMatchObject({ isMissing: false })
    expect('found' in answer && answer.found).toMatch(found)
  })
})

test('a long text is read in time that grows with its length', () => {
  // One that grew with the square would not end here.
  for (const text of ['7', 'a', '\\(', '$', '7. ', "['", 'A:', '\n'])
    expect(() => readExpectedAnswer(text.repeat(200_000))).not.toThrow()
})
