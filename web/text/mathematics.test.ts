import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isModest, mathSegments } from './mathematics.ts'

describe('mathSegments', () => {
  const compact = (text: string) => mathSegments(text).map(segment => `${segment.kind}:${segment.text}`)

  describe('mathSegments', () => {
    it.each([
      ['so \\(x^2\\) is', ['text:so ', 'inline:x^2', 'text: is']],
      ['\\[a\\\\b\\]', ['display:a\\\\b']],
      ['$$\\frac12$$ and $y$.', ['display:\\frac12', 'text: and ', 'inline:y', 'text:.']],
      ['is \\boxed{\\frac{1}{2}}.', ['text:is ', 'inline:\\boxed{\\frac{1}{2}}', 'text:.']],
      ['$\\boxed{9}$', ['inline:\\boxed{9}']],
      ['costs $5 and $10 more', ['text:costs $5 and $10 more']],
      ['costs \\$5, \\(x', ['text:costs \\$5, \\(x']],
      ['a $b\n\nc$ d', ['text:a $b\n\nc$ d']],
      ['a price of $ 5$', ['text:a price of $ 5$']],
      ['\\boxed{9', ['text:\\boxed{9']],
      ['\\(\\text{\\)}\\)', ['inline:\\text{', 'text:}\\)']],
      ['', []],
    ])('%j', (text, expected) => {
      expect(compact(text)).toEqual(expected)
    })

    it('loses nothing but delimiters, whatever it is given', () => {
      const piece = fc.constantFrom(
        '$',
        '$$',
        '\\(',
        '\\)',
        '\\[',
        '\\]',
        '\\',
        '\\boxed{',
        '{',
        '}',
        'x',
        ' ',
        '\n\n',
        '5',
      )
      fc.assert(
        fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
          const text = pieces.join('')
          let at = 0
          for (const segment of mathSegments(text)) {
            const found = text.indexOf(segment.text, at)
            expect(found - at).toBeLessThanOrEqual(4)
            expect(found).toBeGreaterThanOrEqual(at)
            at = found + segment.text.length
          }
          expect(text.length - at).toBeLessThanOrEqual(2)
        }),
      )
    })

    it('stays linear on 400 kB of openings', () => {
      // Searched to its end from each of them, the text would keep this beyond what a test may take.
      expect(mathSegments('\\boxed{$\\('.repeat(40_000))).toHaveLength(40_001)
    })
  })
})

describe('renderMathematics', () => {
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
})
