import { expect, it } from 'vitest'
import { isModest } from './render-mathematics.ts'

const nest = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth)

it.each([
  'x',
  '\\frac{1}{2}+'.repeat(300),
  nest('\\sqrt{', '}', 24),
  nest('\\left(', '\\right)', 24),
  '\\{'.repeat(100),
  '\\\\def',
  '\\defeq \\letter \\longrightarrow',
  nest('\\begin{matrix}', '\\end{matrix}', 20),
  '}',
])('typesets %s', formula => {
  expect(isModest(formula)).toBe(true)
})

it.each([
  nest('{', '}', 25),
  nest('\\frac{', '}{1}', 300),
  nest('\\left(', '\\right)', 25),
  nest('\\begin{matrix}', '\\end{matrix}', 300),
  nest('x^{\\begin{matrix}', '\\end{matrix}}', 13),
  `\\begin{matrix}${'&'.repeat(1001)}\\end{matrix}`,
  '\\def\\a{xx}\\a',
  '\\\\\\def\\a{\\a\\a}\\a',
  '\\gdef\\a{x}',
  '\\edef\\a{x}',
  '\\xdef\\a{x}',
  '\\let\\a=\\b',
  '\\futurelet\\a\\b c',
  '\\newcommand{\\a}{x}',
  '\\renewcommand\\a{x}',
  '\\providecommand\\a{x}',
  '\\global\\def\\a{x}',
  '\\def \\a{\n}',
])('leaves %s as it is written', formula => {
  expect(isModest(formula)).toBe(false)
})
