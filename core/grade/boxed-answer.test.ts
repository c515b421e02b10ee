import { describe, expect, test } from 'vitest'
import { findBoxed, lastBoxed } from './boxed-answer.ts'
import { extractAnswer } from './extract-answer.ts'

const single: [text: string, answer: string][] = [
  ['\\[\\boxed{42}\\]', '42'],
  ['\\fbox{42}', '42'],
  ['\\framebox{27}', '27'],
  ['\\framebox[2cm][c]{27}', '27'],
  ['\\boxed {42}', '42'],
  ['\\\\boxed{42}', '42'],
  ['\\boxed{\\frac{1}{2}}', '\\frac{1}{2}'],
  ['\\boxed{\\{1, 2\\}}', '\\{1, 2\\}'],
  ['\\boxed{5 and \\boxed{7}', '7'],
  ['\\boxed{5} and \\boxed{7', '5'],
  ['f = } { \\boxed{5}', '5'],
  ['\\boxed{5} \\boxed{ }', '5'],
  // Of nested boxes the inner counts.
  ['\\boxed{\\boxed{5}}', '5'],
  ['\\boxed{\\text{The answer is } \\boxed{5}}', '5'],
  // Without braces.
  ['\\boxed 5', '5'],
  ['$\\boxed5$', '5'],
  ['So $\\boxed 12$.', '12'],
  ['It is $\\boxed \\frac12.$', '\\frac12'],
  ['First \\boxed{1}, then \\boxed 3', '1'],
  // Spacing at the ends.
  ['\\boxed{\\,19\\,}', '19'],
  ['\\boxed{19\\ }', '19'],
  ['\\boxed{\\;\\angle BAC = 52^\\circ\\;}', '\\angle BAC = 52^\\circ'],
  ['\\boxed{19\\,.}', '19'],
  ['\\boxed{\\{3,8\\}\\,}', '\\{3,8\\}'],
  ['\\boxed{19~}', '19'],
  ['\\boxed{19\\quad}', '19'],
  ['\\boxed{19\\!}', '19'],
]

test.each(single)('%j', (text, answer) => {
  expect(lastBoxed(text)).toBe(answer)
  expect(lastBoxed(text, 'last')).toBe(answer)
})

const surrounded: [text: string, answer: string][] = [
  ['so $k = -\\boxed{48}$', '-48'],
  ['Therefore $x = -\\boxed{\\frac{3}{4}}$.', '-\\frac{3}{4}'],
  ['that is $\\frac{\\boxed{5}}{8}$', '\\frac{5}{8}'],
  ['\\[ \\frac{1}{\\boxed{9}} \\]', '\\frac{1}{9}'],
  ['$\\frac{\\boxed{3}}{\\boxed{4}}$', '\\frac{3}{4}'],
  ['$(\\boxed{3}, \\boxed{4})$', '(3, 4)'],
  ['The time is $\\boxed{3}:\\boxed{30}$', '3:30'],
  ['so $n = 2\\cdot\\boxed{17}$', '2\\cdot17'],
  ['so $n = 2\\boxed{3}$', '2(3)'],
  ['giving $\\sqrt{\\boxed{11}}$', '\\sqrt{11}'],
  ['$\\sqrt{75} = \\boxed{5}\\sqrt{3}$', '5\\sqrt{3}'],
  ['We get \\(\\boxed{6}\\pi\\).', '6\\pi'],
  ['so it is $\\boxed{3}^4$', '3^4'],
  ['$\\boxed{a+b}^2$', '(a+b)^2'],
  ['It is $\\boxed{5}!$', '5!'],
  ['$\\boxed{8} + 3i$', '8 + 3i'],
  ['$1 - \\boxed{\\frac{1}{3}}$', '1 - \\frac{1}{3}'],
  ['\\begin{align*} x &= -\\boxed{7}\\end{align*}', '-7'],
  ['it costs $5, so $k = -\\boxed{48}$', '-48'],
  // Without delimiters.
  ['so k = -\\boxed{48}.', '-48'],
  ['\\frac{\\boxed{5}}{8}', '\\frac{5}{8}'],
  ['\\boxed{5}/8', '5/8'],
]

test.each(surrounded)('what stands around it belongs to it: %j', (text, answer) => {
  expect(lastBoxed(text)).toBe(answer)
})

const alone: [text: string, answer: string][] = [
  ['$k=\\boxed{5}\\text{ cm}$', '5'],
  ['$A = \\boxed{12} \\text{ square units}$', '12'],
  ['$\\text{Area} = \\boxed{12}$', '12'],
  ['$3x + 2y = \\boxed{12}$', '12'],
  ['$2 + 3 = \\boxed{5}$.', '5'],
  ['\\[ \\boxed{5}. \\]', '5'],
  ['$\\boxed{5}^\\circ$', '5'],
  ['$\\boxed{5}$!', '5'],
  ['$\\left(\\boxed{7}\\right)$', '7'],
  ['$\\Rightarrow \\boxed{7}$', '7'],
  ['$x \\equiv \\boxed{8} \\pmod{13}$', '8'],
  ['$\\$\\boxed{18}$', '18'],
  ['\\[x\\in\\boxed{[0,5]}\\]', '[0,5]'],
  ['\\begin{align*} x &= 3+4\\\\ &= \\boxed{7}\\end{align*}', '7'],
  ['Answer - \\boxed{48}', '48'],
  ['- \\boxed{48}', '48'],
  ['1. \\boxed{7}', '7'],
  ['**\\boxed{5}**', '5'],
  ['so there are $\\boxed{24}$ ways: $4! = 24$.', '24'],
]

test.each(alone)('what stands around it changes nothing: %j', (text, answer) => {
  expect(lastBoxed(text)).toBe(answer)
})

const several: [text: string, all: string, last: string][] = [
  ['\\boxed{4} and \\boxed{7}', '4, 7', '7'],
  ['\\boxed{4}; \\boxed{7}', '4, 7', '7'],
  ['\\boxed{4}\n\\boxed{7}', '4, 7', '7'],
  ['\\boxed{p = 6} \\quad \\text{and} \\quad \\boxed{q = 11}', 'p = 6, q = 11', 'q = 11'],
  ['$\\boxed{2}$, $\\boxed{3}$, and $\\boxed{5}$', '2, 3, 5', '5'],
  ['$x = \\boxed{4}$ and $y = \\boxed{7}$', 'x = 4, y = 7', '7'],
  ['$x=\\boxed{1}$ or $x=\\boxed{-4}$', '1, -4', '-4'],
  ['\\[\\begin{aligned} x &= \\boxed{4} \\\\ y &= \\boxed{7}\\end{aligned}\\]', 'x = 4, y = 7', '7'],
  ['First \\boxed{9}. The roots are \\boxed{4} and \\boxed{7}.', '4, 7', '7'],
  ['\\boxed{3}\\text{ cm} and \\boxed{4}\\text{ cm}', '3, 4', '4'],
  ['\\boxed{5} \\boxed{5}', '5', '5'],
  ['The mean is \\boxed{4} and the median is \\boxed{7}.', '7', '7'],
]

test.each(several)('several boxes: %j', (text, all, last) => {
  expect(lastBoxed(text)).toBe(all)
  expect(lastBoxed(text, 'last')).toBe(last)
})

test('tells where the boxes stand', () => {
  expect(findBoxed('so \\boxed{4} and \\boxed{7}.')).toMatchObject({ start: 3, end: 26 })
  expect(findBoxed('so \\boxed{4')).toBeNull()
})

describe('doubled backslashes', () => {
  test.each([
    ['\\\\boxed{\\\\frac{5}{6}}', '\\frac{5}{6}'],
    ['\\boxed{12\\\\pi}', '12\\pi'],
    ['\\boxed{90^\\\\circ}', '90^\\circ'],
    ['\\\\boxed{\\\\{1, 2\\\\}}', '\\{1, 2\\}'],
    [
      '\\\\boxed{\\\\begin{pmatrix} 1 \\\\\\\\ 2 \\\\end{pmatrix}}',
      '\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}',
    ],
    // These are row breaks.
    ['\\boxed{\\begin{pmatrix}1\\\\2\\end{pmatrix}}', '\\begin{pmatrix}1\\\\2\\end{pmatrix}'],
    ['\\boxed{\\begin{pmatrix}x\\\\y\\end{pmatrix}}', '\\begin{pmatrix}x\\\\y\\end{pmatrix}'],
    ['\\boxed{x = 1 \\\\ y = 2}', 'x = 1 \\\\ y = 2'],
  ])('%j', (text, answer) => expect(extractAnswer(text)).toEqual({ answer, rule: 'boxed' }))
})
