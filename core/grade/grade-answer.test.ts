import { describe, expect, it, test } from 'vitest'
import { createAnswerClassCollector, gradeAnswer, referenceAnswer } from './grade-answer.ts'
import { defaultGradingRules } from './grading-rules.ts'

/** Answers (put into a box) and what they are equal to, as numbers. */
const equalNumbers: [string, string][] = [
  ['42', '42'],
  ['42', '42.0'],
  ['042', '42'],
  ['+5', '5'],
  ['-7', '-7'],
  ['- 7', '-7'],
  ['−7', '-7'],
  ['–7', '-7'],
  ['0', '-0'],
  ['0.50', '.5'],
  ['42.', '42'],
  ['42,', '42'],
  ['$42$', '42'],
  ['$$42$$', '42'],
  [String.raw`\(42\)`, '42'],
  [String.raw`\[42\]`, '42'],
  ['**42**', '42'],
  ['1,000', '1000'],
  ['1{,}000', '1000'],
  [String.raw`1\,000`, '1000'],
  [String.raw`1\!000`, '1000'],
  ['1,234,567.89', '1234567.89'],
  ['-1,000', '-1000'],
  ['1/2', '0.5'],
  ['½', '0.5'],
  ['1 1⁄2', '1.5'],
  ['3¾', '3.75'],
  ['⅔', String.raw`\frac23`],
  ['1 / 2', '0.5'],
  ['2/4', '1/2'],
  ['-1/2', '-0.5'],
  ['1/-2', '-0.5'],
  ['-1/-2', '0.5'],
  ['0.5/2', '1/4'],
  ['1,000/2', '500'],
  [String.raw`\frac{1}{2}`, '0.5'],
  [String.raw`\dfrac{1}{2}`, '1/2'],
  [String.raw`\tfrac{1}{2}`, '1/2'],
  [String.raw`\cfrac{1}{2}`, '1/2'],
  [String.raw`\frac12`, String.raw`\frac{1}{2}`],
  [String.raw`\frac 1 2`, '0.5'],
  [String.raw`\frac{ 1 }{ 2 }`, '0.5'],
  [String.raw`\frac {1} {2}`, '0.5'],
  [String.raw`\frac1{2}`, '0.5'],
  [String.raw`\frac{1}2`, '0.5'],
  [String.raw`-\frac{1}{2}`, '-0.5'],
  [String.raw`\frac{-1}{2}`, '-0.5'],
  [String.raw`\frac{1}{-2}`, '-0.5'],
  [String.raw`-\frac{-1}{2}`, '0.5'],
  [String.raw`\frac{1,000}{8}`, '125'],
  [String.raw`\frac{0}{5}`, '0'],
  [String.raw`3\frac{1}{2}`, '3.5'],
  [String.raw`-3\frac{1}{2}`, '-7/2'],
  ['3 1/2', '3.5'],
  ['10%', '10%'],
  [String.raw`10\%`, '10'],
  [String.raw`10\%`, '0.1'],
  ['0.1', String.raw`10\%`],
  ['10 percent', '10%'],
  ['12.5%', '1/8'],
  ['$5', '5'],
  [String.raw`\$5`, '5'],
  [String.raw`\$1,000.50`, '1000.5'],
  ['-$5', '-5'],
  ['$-5', '-5'],
  ['5 dollars', String.raw`\$5`],
  ['€5', '5 euros'],
  ['x = 5', '5'],
  ['x=5', '5'],
  ['5', 'x = 5'],
  ['x_1 = 5', '5'],
  [String.raw`x = \frac{1}{2}`, '0.5'],
  ['5 apples', '5'],
  ['5', '5 apples'],
  ['1 apple', '1 apples'],
  ['5 cm', '5'],
  ['5cm', '5 cm'],
  ['12 cm^2', '12'],
  ['12 cm²', String.raw`12 \text{ cm}^2`],
  ['12 square meters', '12'],
  ['60 miles per hour', '60'],
  [String.raw`5\text{ m}`, '5'],
  [String.raw`5 \mathrm{~m}`, '5'],
  [String.raw`\frac{1}{2} cups`, '0.5'],
  [String.raw`90^\circ`, '90'],
  [String.raw`90^{\circ}`, '90 degrees'],
  ['90°', '90'],
  ['1e5', '100000'],
  ['1E5', '100,000'],
  ['2.5e-3', '0.0025'],
  [String.raw`3 \times 10^{5}`, '300000'],
  [String.raw`3 \cdot 10^5`, '3e5'],
  ['3×10^-2', '0.03'],
  ['1e10000', '10e9999'],
  ['123456789012345678901234567890', '123,456,789,012,345,678,901,234,567,890'],
  ['42', String.raw`\boxed{42}`],
  ['42', String.raw`So the result is $\boxed{\frac{84}{2}}$.`],
  ['72', 'She sold 48 + 24 = 72.\n#### 72'],
  ['1000', 'Total.\n#### 1,000'],
  ['0.1', '1e-1'],
  [String.raw`\text{5 apples}`, '5'],
  [String.raw`\mathbf{42}`, '42'],
  ['{42}', '42'],
  ['(42)', '42'],
  ['-(1/2)', '-0.5'],
  ['(-1)/2', '-0.5'],
  [String.raw`\left(\frac{1}{2}\right)`, '0.5'],
  ['f(2) = 5', '5'],
  ['AB = 5', '5'],
  [String.raw`\angle ABC = 30^\circ`, '30'],
  [String.raw`\approx 5`, '5'],
  ['= 5', '5'],
]

const equalTexts: [string, string][] = [
  [String.raw`\sqrt8`, String.raw`\sqrt{8}`],
  [String.raw`\sqrt 8`, '√8'],
  [String.raw`2 \sqrt{2}`, String.raw`2\sqrt2`],
  [String.raw`\left( 1, 2 \right)`, '(1,2)'],
  [String.raw`\left(3, \frac{\pi}{2}\right)`, String.raw`(3,\dfrac{\pi}2)`],
  [String.raw`\frac{x}{2}`, String.raw`\dfrac x2`],
  ['x^{2}', 'x^2'],
  ['y = 2x + 3', '2x+3'],
  [String.raw`\text{yes}`, 'Yes'],
  ['Monday', 'monday'],
  ['(C)', 'C'],
  [String.raw`\text{(C)}`, 'C'],
  [String.raw`[0, \infty)`, '[0,∞)'],
  [String.raw`x \leq 3`, 'x≤3'],
  [String.raw`x \neq 3`, String.raw`x \ne 3`],
  [String.raw`2\pi`, '2π'],
  ['4343_6', '4343_{6}'],
  ['2:30 p.m.', String.raw`2:30 \text{ p.m.}`],
  [String.raw`\begin{pmatrix} 1 \\ 2 \end{pmatrix}`, String.raw`\begin{pmatrix}1\\2\end{pmatrix}`],
  ['1/0', '1/0'],
  [String.raw`\frac1.`, String.raw`\frac 1 .`],
  ['1e99999', '1e99999'],
]

const unequalPairs: [string, string][] = [
  ['41', '42'],
  ['-42', '42'],
  ['42', '-42'],
  ['420', '42'],
  ['0.333', '1/3'],
  ['0.3333333333333333', '1/3'],
  ['0.33', String.raw`\frac{1}{3}`],
  ['3.14', String.raw`\pi`],
  ['1/2', '2'],
  ['1/2', '-1/2'],
  [String.raw`\frac{1}{2}`, String.raw`\frac{2}{1}`],
  [String.raw`\frac12`, '12'],
  [String.raw`3\frac{1}{2}`, '1.5'],
  ['1,000', '1'],
  ['1,00', '100'],
  ['1.000', '1000'],
  ['1 2', '12'],
  ['10%', '100'],
  ['10%', '0.01'],
  ['10%', '10 dollars'],
  ['$5', '5 cents'],
  ['5 km', '5 m'],
  ['5 cm', '5 mm'],
  ['5 cm^2', '5 cm^3'],
  ['5 apples', '5 oranges'],
  ['5 million', '5'],
  ['5 dozen', '5'],
  ['5 tenths', '5'],
  ['2 thirds', '2'],
  ['5 below zero', '5'],
  ['5 lakh', '5'],
  ['0.333...', '0.333'],
  ['2023-01-02', '2023-02-01'],
  ['3/4/2023', '6/8/2023'],
  ['5 or 6', '5'],
  ['x = 5', 'y = 5'],
  ['x = 5', '6'],
  ['x = 5, y = 6', '5'],
  ['5x', '5'],
  ['5 x', '5'],
  ['5ab', '5'],
  ['5!', '5'],
  ['2^3', '2'],
  [String.raw`2\pi`, '2'],
  [String.raw`\sqrt{2}`, '2'],
  ['3:30', '3'],
  ['1:2', '1/2'],
  ['1/0', '0'],
  ['1/0', '2/0'],
  ['1e99999', '1e99998'],
  ['1e5', '1e-5'],
  ['1e5', '15'],
  ['1e10001', '10e10000'],
  ['1011_2', '11'],
  ['(1, 2)', '(2, 1)'],
  ['(1, 2)', '2'],
  ['(x, y) = (1, 2)', '(y, x) = (1, 2)'],
  ['(x, y) = (1, 2)', '(2, 1)'],
  ['(x, y) = (1, 2)', 'x = 2, y = 1'],
  ['(x, y) = (1, 2)', '1 < x < 2'],
  ['y = 1, x = 2', '(1, 2)'],
  [String.raw`1 \over 2`, '2'],
  ['(1, 2)', '[1, 2]'],
  [String.raw`\{1, 2\}`, '(1, 2)'],
  ['A', 'B'],
  ['a', 'A'],
  ['yes', 'no'],
  ['x^2', 'x2'],
  ['x²', 'x2'],
  ['-(-5)', '-5'],
  ['(1, 000)', '1000'],
  [String.raw`\approx 0.333`, '1/3'],
  ['AB = 5', 'AC = 5'],
  ['process.exit(1)', '1'],
  ['NaN', 'NaN '.repeat(2)],
  ['Infinity', '0'],
  ['undefined', ''],
  ['', ''],
  [' ', ' '],
  ['$$', '$$'],
  ['42', ''],
  ['42', '  '],
  ['42', String.raw`\boxed{}`],
  ['42', '#### '],
]

test('the tables are large enough', () => {
  const equalCount = equalNumbers.length + equalTexts.length
  expect(equalCount + unequalPairs.length).toBeGreaterThanOrEqual(120)
  expect(unequalPairs.length).toBeGreaterThanOrEqual(40)
})

describe('a boxed answer', () => {
  const box = (answer: string) => String.raw`So \boxed{${answer}}.`

  test.each(equalNumbers)('%s is the number %s', (answer, expected) => {
    expect(gradeAnswer(box(answer), expected)).toEqual({
      extracted: answer.trim(),
      equal: true,
      rule: 'boxed, equal as rationals',
    })
  })

  test.each(equalTexts)('%s is the text %s', (answer, expected) => {
    expect(gradeAnswer(box(answer), expected)).toMatchObject({
      equal: true,
      rule: 'boxed, equal as text',
    })
  })

  test.each(unequalPairs)('%s is not %s', (answer, expected) => {
    expect(gradeAnswer(box(answer), expected)).toMatchObject({ equal: false })
  })
})

/** Whole outputs, the expected answer, and the verdict. */
const outputs: [string, string, string | null, boolean, string][] = [
  ['21 * 7 = 147. The answer is \\boxed{147}.', '147', '147', true, 'boxed, equal as rationals'],
  ['The answer is 1/2.', '0.5', '1/2', true, 'the answer is, equal as rationals'],
  ['The answer is 5!', '5', '5', true, 'the answer is, equal as rationals'],
  ['10 - 3 = 7, so 7', '8', '7', false, 'last expression, unequal as rationals'],
  ['It is 10 - 3', '-3', '10 - 3', false, 'last expression, unequal by expansion'],
  ['It is -3', '-3', '-3', true, 'last expression, equal as rationals'],
  ['#### 72', '72', '72', true, '####, equal as rationals'],
  ['x = 5', '5', 'x = 5', true, 'whole text, equal as rationals'],
  ['(1, 2)', '2', '(1, 2)', false, 'whole text, unequal as tuples against values'],
  ['5!', '5', '5!', false, 'whole text, unequal by expansion'],
  ['yes', 'Yes', 'yes', true, 'whole text, equal as text'],
  ['I do not know', '', null, false, 'no answer found'],
  ['', '', null, false, 'no answer found'],
  ['\\boxed{}', '', null, false, 'no answer found'],
  ['\\boxed{7}', '', '7', false, 'boxed, no expected answer'],
]

test.each(outputs)('%j against %j', (text, expected, extracted, equal, rule) => {
  expect(gradeAnswer(text, expected)).toEqual({ extracted, equal, rule })
})

test.each([
  ['\\boxed{\\frac{1}{2}} or so', '\\frac{1}{2}'],
  ['48 / 2 = <<48/2=24>>24\n#### 24', '24'],
  ['#### 1\n#### 2', '2'],
  [' 7 ', '7'],
  ['', ''],
  ['\\boxed{4} and \\boxed{7}', '4, 7'],
  ['\\\\boxed{\\\\frac{5}{6}}', '\\frac{5}{6}'],
  ['12\\\\pi\\,', '12\\pi'],
])('the reference %j names %j', (reference, answer) => {
  expect(referenceAnswer(reference)).toBe(answer)
})

it('puts equal answers to a problem into one class, whatever their notation', () => {
  const collector = createAnswerClassCollector(defaultGradingRules)
  const add = (problemIndex: number, correct: boolean, extractedAnswer: string | null) =>
    collector.add({ problemIndex, correct, extractedAnswer })
  add(0, false, '\\frac{1}{2}')
  add(0, true, '7')
  add(0, false, '0.5')
  add(1, false, '0.5')
  add(0, false, null)
  add(0, true, '7.0')
  add(0, false, null)
  add(0, false, '8')
  expect(Array.from(collector.classes)).toEqual([0, 1, 0, 0, 2, 1, 2, 3])
})
