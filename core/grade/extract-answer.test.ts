import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ExtractionRule, extractAnswer } from './extract-answer.ts'

/** By rule: texts, and what is extracted. */
const cases: Record<ExtractionRule, [text: string, answer: string][]> = {
  boxed: [
    ['First \\boxed{1}, then \\boxed{2}.', '2'],
    ['\\boxed{5} and the answer is 7', '5'],
    ['The final answer is 4. To be sure: \\boxed{8}', '8'],
    ['The final answer is \\boxed{8}. I hope it is correct.', '8'],
    ['The answer is $\\boxed{}$. Let me fill it: \\boxed{9}', '9'],
    ['<answer>$\\boxed{8}$</answer>', '8'],
    ['Therefore, \\( \\boxed{C} \\) is the right option.', 'C'],
    ['**Answer: $\\boxed{7}$**', '7'],
    // What follows does not say that it is another value.
    ['\\boxed{8}. The final answer is in the box.', '8'],
    ['\\boxed{8}. This is the final answer.', '8'],
    ['\\boxed{8}. The answer is correct.', '8'],
    ['\\boxed{8}. If the answer is 9, then it is wrong.', '8'],
    ['\\boxed{\\frac13}. The answer is approximately 0.33.', '\\frac13'],
    // Thoughts, and text that runs on.
    ['<think>\nMaybe \\boxed{12}? No, 14.\n</think>\n\nThe number of ways is \\(\\boxed{14}\\).', '14'],
    ['<think>\nIt is \\boxed{12}.\n</think>', '12'],
    ['So \\boxed{8}.\n\nProblem:\nFind y.\n\nSolution:\n\\boxed{9}', '8'],
    ['So \\boxed{8}.<|im_end|>\n<|im_start|>user\nAnd \\boxed{9}?', '8'],
  ],
  'answer tag': [
    ['<think>ok</think><answer>7/3</answer>', '7/3'],
    ['It is 5 or 6. <answer> 6 </answer> I am sure of 6 of 7.', '6'],
    ['<answer>\nThe total is 42\n</answer>', '42'],
    ['I answer in <answer> </answer>: <answer>carbon dioxide</answer>', 'carbon dioxide'],
    ['\\boxed{4} is the width. <answer>(B)</answer>', 'B'],
    ['Stopped by its end: <answer>12', '12'],
  ],
  'the answer is': [
    ['The answer is 42.', '42'],
    ['the answer is 1. No, THE ANSWER IS 2!', '2'],
    ['The final answer is: $\\frac{1}{2}$. I hope so.', '\\frac{1}{2}'],
    ['The answer is **3.5**.\nIndeed 4.', '3.5'],
    ['the answer is\n\\(x = 5\\).', 'x = 5'],
    ['The answer is $19\\,$.', '19'],
    ['The answer is \\(\\,19\\;\\).', '19'],
    ['The answer is $19\\ $.', '19'],
    ['The answer is $36.', '$36'],
    ['Therefore the answer is \\$1,200.', '\\$1,200'],
    ['The answer is $-5 < x \\le 3$.', '-5 < x \\le 3'],
    ['The final answer is x = 3, y = 4.', 'x = 3, y = 4'],
    ['The final answer is $7\\\\sqrt{3}$.', '7\\sqrt{3}'],
    ['The answer is 42\nLet me check: 6*7 = 42 and 5*9=45.', '42'],
    // Words before the value.
    ['The answer is therefore 42.', '42'],
    ['The answer is, therefore, 42.', '42'],
    ['The answer is simply 42.', '42'],
    ['The answer is equal to 42.', '42'],
    ['The answer is given by $42$.', '42'],
    ['The answer is that there are 42 apples.', '42'],
    ['The answer, in meters, is 42.', '42'],
    ['The answer for this problem is 42.', '42'],
    ['The answer should be 42.', '42'],
    ['The answer is about 42.', 'about 42'],
    // Words behind it.
    ['The answer is 42 since 6*7=42.', '42'],
    ['The answer is 42 because 6 times 7 is 42 exactly', '42'],
    ['The answer is $42$ because $6\\cdot 7=42$.', '42'],
    ['The answer is 42 (see step 2).', '42'],
    ['The answer is 42, which we found by adding.', '42'],
    ['The answer is 42; see above.', '42'],
    ['The answer is 42 - a whole number.', '42'],
    ['The answer is 42 — the sum of both.', '42'],
    ['The answer is 42 and not 24.', '42'],
    ['The answer is 18 in total.', '18'],
    ['The answer is 5 apples, 2 of them red. 7', '5 apples'],
    ['The answer is \\(18\\) cm.', '18 cm'],
    ['The final answer is $18$ inches per second. I hope it is correct.', '18 inches per second'],
    ['The answer is \\( 7 \\) meters per second squared', '7'],
    ['The answer is $\\frac{3}{4}$ cup of sugar.', '\\frac{3}{4} cup'],
    // Words that make it another value stay.
    ['The answer is not 42.', 'not 42'],
    ['The answer is either 4 or 5.', 'either 4 or 5'],
    ['The answer could be 18.', 'could be 18'],
    ['The answer might be 7', 'might be 7'],
    ['The answer is less than 42.', 'less than 42'],
    ['The answer is 42 or 43.', '42 or 43'],
    ['The answer is 42 million.', '42 million'],
    ['The answer is 42 percent.', '42 percent'],
    ['The answer is 3 times 5.', '3 times 5'],
    ['The answer is 18 out of 20', '18 out of 20'],
    ['The answer is 5 with remainder 3.', '5 with remainder 3'],
    ['The answer is 5 if n is even', '5 if n is even'],
    ['The answer is 25 in base 7', '25 in base 7'],
    ['The answer is 2 to the power of 10.', '2 to the power of 10'],
    // Lists.
    ['Answer:\n1. x = 5\n2. x = 7', 'x = 5, x = 7'],
    ['The solutions are:\n- $x=1$\n- $x=2$', 'x=1, x=2'],
    ['$\\text{The answer is } 18$', '18'],
    // Words alone.
    ['Answer: Friday, March 5', 'Friday, March 5'],
    ['Therefore, the answer is no.', 'no'],
    ['The answer is "carbon dioxide".', 'carbon dioxide'],
    ['The answer to the riddle is an echo.', 'an echo'],
    ['Final answer: \\text{even}', '\\text{even}'],
    ['Final answer: no solution', 'no solution'],
    ['Answer: none of the above', 'none of the above'],
    // Labels.
    ['Answer: $t+6$', 't+6'],
    ['Final Answer: $t+6$', 't+6'],
    ['**Answer:** \\(t+6\\)', 't+6'],
    ['**Answer**: $2k$', '2k'],
    ['*Answer:* 12', '12'],
    ['__Answer:__ 12', '12'],
    ['answer = 3.5', '3.5'],
    ['### Answer:\n\n7', '7'],
    ['**Final Answer**\n\n$$x = \\pm\\sqrt{7}$$', 'x = \\pm\\sqrt{7}'],
    ['Answer: 2 and 3', '2 and 3'],
    ['Answer: x^2 + 5x - 6', 'x^2 + 5x - 6'],
    ['{"reasoning": "3+4", "answer": 7}', '7'],
    ['Question: what is 3+3?\nAnswer: 6', '6'],
    // Choices.
    ['Answer: (C)', 'C'],
    ['Answer: C', 'C'],
    ['ANSWER: D', 'D'],
    ['Correct option: (C)', 'C'],
    ['The correct option is C.', 'C'],
    ['The best answer is D.', 'D'],
    ['The right answer is option B.', 'B'],
    ['So I would choose option A.', 'A'],
    ['Only option D satisfies both. Therefore, option D is correct.', 'D'],
    ['The answer is B because heat flows from hot to cold.', 'B'],
    ['Since it is even, the answer is $\\text{(B)}$.', 'B'],
    ['The answer is A, B and D.', 'A, B and D'],
    ['The answer is (C) 18.', '(C) 18'],
    ['The answer is B) 42', '(B) 42'],
    ['Therefore, the answer is option (B) $\\frac{5}{12}$.', '(B) \\frac{5}{12}'],
    ['The correct answer is **C. 45 degrees**.', '(C) 45 degrees'],
    ['Hence the correct answer is (A) Mitochondria.', 'A'],
    // The value before.
    ['So 9 is the answer.', '9'],
    ['Hence $x+1$ is the final answer.', 'x+1'],
    // After a box.
    ['Half of it is $\\boxed{45}$. Together that is $90$.\nThe final answer is $90$.', '90'],
    ['\\boxed{4} is the width. Therefore, the answer is $8$.', '8'],
    ['Width: \\boxed{4}.\n\n**Final Answer:** $8$', '8'],
    // Text that runs on.
    ['The answer is 13.\n\nQ: What is 4+5?\nA: The answer is 9.', '13'],
    ['The answer is 8.\nHuman: no\nAssistant: 10', '8'],
    ['The answer is 8.</s><s>[INST] what? [/INST] The answer is 9.', '8'],
    ['The answer is 8.\n\nQuestion 2: what is 3+3?\nThe answer is 6', '8'],
    ['Question 1: how many? 5 each.\nQuestion 2: in all? 15\nThe answer is 15.', '15'],
  ],
  '####': [
    ['48 + 24 = 72\n#### 72', '72'],
    ['#### 1\n#### 1,000.\nbye', '1,000'],
    ['9 of them remain, so we select option C. #### C', 'C'],
    ['#### t+6', 't+6'],
    ['#### (B)', 'B'],
    ['####D', 'D'],
    ['#### \\frac{7}{9}', '\\frac{7}{9}'],
    ['#### $x-2$', 'x-2'],
    ['#### odd', 'odd'],
    ['Some reasoning.\n####  $1,080', '$1,080'],
    ['The answer is 5.\n#### 6', '6'],
    ['Width: \\boxed{4}.\n#### 8', '8'],
    ['#### 8\n\nQuestion: what is 3+3?\nAnswer: 6\n#### 6', '8'],
  ],
  'whole text': [
    ['42', '42'],
    [' 1/2 ', '1/2'],
    ['x = \\sqrt{2}', 'x = \\sqrt{2}'],
    ['[0, \\infty)', '[0, \\infty)'],
    ['5 apples', '5 apples'],
    ['blue', 'blue'],
    ['Option C', 'C'],
    ['(B)', 'B'],
    ['**B**', 'B'],
    ['8\n\nQ: 4+5\nA: 9', '8'],
    ['<think>Hmm 3*4=12.</think>12', '12'],
  ],
  'last expression': [
    ['21 * 7 = 147. 147 - 90 = 57', '57'],
    ['147 / 7 = 21', '21'],
    ['so 10-3 it is', '10-3'],
    ['so it is -3.', '-3'],
    ['so x = - 3 holds', 'x = - 3'],
    ['it is 1,234,567.5 at most', '1,234,567.5'],
    ['it costs 1{,}234 in all', '1{,}234'],
    ['then 1,2,3 we take', '1,2,3'],
    ['about .5 of it', '.5'],
    ['about 3/4 of it', '3/4'],
    ['we get -\\dfrac{3}{4} then', '-\\dfrac{3}{4}'],
    ['we get \\frac34 then', '\\frac34'],
    ['we need 2 1/2 cups', '2 1/2'],
    ['nearly 3 \\times 10^{5} of them', '3 \\times 10^{5}'],
    ['this is 50\\% of it', '50\\%'],
    ['#### Step 2\nso 7 remain', '7'],
    ['#### 2. Count them\nso 7 remain', '7'],
    ['#### Step 1: add\n4 + 5 = 9\n#### Conclusion\nThe sum is 9.', '9'],
    ['The answer is unclear at first. But then it is 18.', '18'],
    ['The answer is hard to see. But it must be 42.', '42'],
    // Expressions, whole.
    ['So the rate is 3x - 14', '3x - 14'],
    ['We conclude that $y \\ge 12$.', 'y \\ge 12'],
    ['The point we want is $(3, 9)$.', '(3, 9)'],
    ['The vertex lies at (1, -4).', '(1, -4)'],
    ['So the range is [2, 7].', '[2, 7]'],
    ['The interval is $[0, 8)$.', '[0, 8)'],
    ['This gives $5+11i$.', '5+11i'],
    ['So it equals \\(\\frac{x}{6}\\).', '\\frac{x}{6}'],
    ['it is 6!', '6!'],
    ['So the height is h = 4 + 3√2.', 'h = 4 + 3√2'],
    ['so f(x) = 2x + 5.', 'f(x) = 2x + 5'],
    ['it is 12π', '12π'],
    ['The ratio is 3:5.', '3:5'],
    ['The date was 3/14/2015.', '3/14/2015'],
    ['So it is 3.141592...', '3.141592...'],
    ['Thus $x=3$ or $x=-5$.', 'x=3 or x=-5'],
    ['So the real roots are \\(1\\), \\(2\\), and \\(5\\).', '1, 2, and 5'],
    ['It takes him 2 hours and 15 minutes.', '2 hours and 15 minutes'],
    [
      'The matrix is $\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}$.',
      '\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}',
    ],
    ['We need $x = 2k$ for some integer $k$.', 'x = 2k'],
    ['So the line is **y = -2x + 5**.', 'y = -2x + 5'],
    // What a chain ends in.
    ['So there are 12 + 15 = 27 students.', '27'],
    ['So it takes 3 x 8 = 24 hours', '24'],
    ['$x = 3 \\cdot 6 = 18$', 'x = 18'],
    ['Hence:\n\\[\n\\begin{aligned} 2x &= 8 \\\\ x &= 4 \\end{aligned}\n\\]', 'x = 4'],
    ['Then $a = 3$, $b = 4$. Hence $a + b = 7$.', 'a + b = 7'],
    // Money is no math.
    ['the total is 18 apples.', '18'],
    ['She has $18 left.', '$18'],
    ['He paid $5 and got $3 back', '$3'],
    ['Shirts: 5 × $20 = $100. In all $100 + $100 = **$200**', '$200'],
    ['Each friend gets 6 cookies (since 24/4 = 6).', '6'],
    ["John's total is 45, not 40.", '45'],
    ['I got 17, but the correct total is 19.', '19'],
    ['Not 5 but 6 remain.', '6'],
    ['so the profit is $200,000 - $130,000 = $70,000.', '$70,000'],
    ['So 3 * 4 = 12, 12 + 5 = 17.', '17'],
    ['The greatest value of $xy$ is $\\frac{25}{4}$, attained when $x = y$.', '\\frac{25}{4}'],
    ['The volume is 24\\pi cm^3.', '24\\pi'],
    ['The coefficient is –21.', '–21'],
    ['Total -> 21', '21'],
    ['x1 = 3, x2 = 4', 'x1 = 3, x2 = 4'],
    ['So they have 3 dozen eggs.', '3 dozen'],
    ['It is negative 5', '-5'],
    ['- 5 apples\n- 6 pears\n\nTotal: 11 fruits', '11'],
    ['| Total | 18 |', '18'],
    // Joined to another value.
    ['There are 5 boys and 6 girls', '5 boys and 6 girls'],
    ['It goes from 12 to 15', '12 to 15'],
    ['She has 15 out of 20', '15 out of 20'],
    ['There are 12 minutes until 5th Avenue. See step 4.', '5th'],
  ],
}

describe.each(Object.entries(cases))('%s', (rule, texts) => {
  test.each(texts)('%j', (text, answer) => {
    expect(extractAnswer(text)).toEqual({ answer, rule })
  })
})

test('the table is large', () => {
  expect(Object.values(cases).flat().length).toBeGreaterThanOrEqual(150)
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
  // Text that breaks off within its last value.
  'The answer is \\boxed{5',
  'but \\boxed{5 is open',
  'The final answer is $\\frac{1}{2',
  'The answer is (3, 5',
  'Now $g(40) = g(39, g(40, 1',
  'So the sum equals 4 + (7 - 2',
  'We have \\[ x = 5 + 3',
  'We have \\frac{3}{4',
  '5 + 7 =',
  '<think>\nSo we have 12 and',
  // Parts of words, and numbers of other things.
  'The code is QX4B',
  'The formula is H2O.',
  'He is a 12-year-old boy.',
  'See step 4.',
  // What is not said to be so.
  'Is the answer 12?',
  'I am not sure, but it could be 12.',
  'If the answer is 18, we are wrong.',
  'He now has more than 5.',
  'The answer lies between 3 and 4.',
  'It is half of 5',
  'It is the square root of 5',
  'That is all but 5',
  'There is no 5',
  'one of 1,2,3 we take',
  'Let x = 12 be the number of apples. Then we',
])('finds nothing in %j', text => expect(extractAnswer(text)).toBeNull())

test('of several boxes takes the last alone where that is the rule', () => {
  const text = 'So $x = \\boxed{4}$ and $y = \\boxed{7}$.'
  expect(extractAnswer(text)).toEqual({ answer: 'x = 4, y = 7', rule: 'boxed' })
  expect(extractAnswer(text, 'last')).toEqual({ answer: '7', rule: 'boxed' })
})

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
    const around = fc.stringMatching(/^[\w .,]*$/)
    fc.assert(
      fc.property(around, balanced, around, (before, answer, after) => {
        const expected = answer.trim() === '' ? null : { answer: answer.trim(), rule: 'boxed' }
        const found = extractAnswer(`${before}\\boxed{${answer}}${after}`)
        if (expected === null) expect(found?.rule).not.toBe('boxed')
        else expect(found).toEqual(expected)
      }),
    )
  })

  test('an answer holds no more than the text, in its order', () => {
    const piece = fc.constantFrom(
      ...[
        'The answer is ',
        'Answer: ',
        '\\boxed{',
        '}',
        '$',
        '\\(',
        '\\)',
        '**',
        '5',
        '12',
        'x',
        ' = ',
        '+',
        '(',
        ')',
        ', ',
      ],
      ...[
        ' and ',
        'C',
        '. ',
        '\n',
        '#### ',
        '<answer>',
        '</answer>',
        '</think>',
        'cm',
        '\\frac',
        '{',
        '\\\\',
        '!',
        'not ',
      ],
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map(pieces => pieces.join('')),
    )
    fc.assert(
      fc.property(text, text => {
        // Of parts in several boxes, a comma and the names are added; of choices, the parentheses.
        let at = 0
        for (const character of (extractAnswer(text)?.answer ?? '').replace(/[\s,=()]/g, '')) {
          at = text.indexOf(character, at) + 1
          expect(at).toBeGreaterThan(0)
        }
      }),
      { numRuns: 4_000 },
    )
  })
})

const hostilePieces = [
  ...[
    '{',
    '}',
    '{}',
    '\\',
    '\\\\',
    '\\boxed{',
    '\\boxed{}',
    '\\boxed{ ',
    '\\boxed  ',
    '\\boxed1',
    '\\boxed{1}',
  ],
  ...[
    '$\\boxed{1}',
    '\\boxed{1} and ',
    '\\boxed{\\boxed{1}} ',
    '\\framebox[',
    '\\\\boxed{',
    ' ',
    '\n',
    '\n\n',
    '\r\n',
  ],
  ...[
    '1',
    '1,111',
    ',111',
    '1/',
    '1 ',
    '1.',
    '.',
    '-',
    '- ',
    '~',
    '=',
    '|',
    '<',
    '$',
    '$1',
    '$x$ ',
    '*',
    '**',
    '`',
  ],
  ...[
    '(',
    ')',
    '((',
    '[',
    '1-a',
    '####',
    '#### 1',
    'the ',
    'the answer ',
    'the answer to ',
    'answer, ',
    'final ',
  ],
  ...[
    'the answer is ',
    'the answer is\n',
    'the answer is not 5. ',
    'answer: (',
    'option C is ',
    'is the answer. ',
  ],
  ...[
    '\\frac',
    '\\frac{1',
    '\\frac1',
    '\\(',
    '\\[',
    '\\begin{align}',
    '\\text{',
    '\\,',
    '\\ ',
    '\\\\frac',
    'a',
    'A ',
  ],
  ...[
    '10^',
    '1e',
    '5 and ',
    '5, ',
    'if ',
    '∞',
    '½',
    '\uE000',
    '\nQ:',
    '\n\nQ:',
    '5\nQ: ',
    '<answer>',
    '</answer>',
  ],
  ...['<answer> </answer>', '<think>', '</think>', '<|im_end|>', '\n### Question'],
]

// Linear time is some tenths of a second; quadratic time would be hours, far beyond the runner's limit.
test.each(hostilePieces)('2,000,000 characters of %j come to an end', piece => {
  const text = piece.repeat(Math.ceil(2_000_000 / piece.length))
  for (const whole of [text, `${text} The answer is 5.`])
    expect(extractAnswer(whole)?.answer ?? '').toEqual(expect.any(String))
})
