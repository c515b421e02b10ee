import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareAnswers } from './compare-answers.ts'

describe('exact rules', () => {
  const coefficient = fc.integer({ min: -99, max: 99 })

  it('expand a product of two linear factors', () => {
    fc.assert(
      fc.property(coefficient, coefficient, coefficient, coefficient, (a, b, c, d) => {
        const product = `(${a}x+(${b}))(${c}x+(${d}))`
        const sum = (constant: number) => `${a * c}x^2+(${a * d + b * c})x+(${constant})`
        expect(compareAnswers(product, sum(b * d))).toMatchObject({ equal: true })
        expect(compareAnswers(sum(b * d), product)).toMatchObject({ equal: true })
        expect(compareAnswers(product, sum(b * d + 1))).toMatchObject({ equal: false })
      }),
    )
  })

  it('take squares out of roots', () => {
    const natural = fc.integer({ min: 1, max: 999 })
    fc.assert(
      fc.property(natural, natural, (outside, inside) => {
        const [root, product] = [`\\sqrt{${outside * outside * inside}}`, `${outside}\\sqrt{${inside}}`]
        expect(compareAnswers(root, product)).toMatchObject({ equal: true })
        expect(compareAnswers(`\\frac{${outside * inside}}{\\sqrt{${inside}}}`, product)).toMatchObject({
          equal: true,
        })
        expect(compareAnswers(root, `${outside + 1}\\sqrt{${inside}}`)).toMatchObject({ equal: false })
      }),
    )
  })

  it('compare sets without order and tuples with it', () => {
    const items = fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(items, numbers => {
        const turned = [...numbers.slice(1), numbers[0]!]
        expect(compareAnswers(`\\{${numbers}\\}`, `\\{${turned.join(', ')}\\}`)).toMatchObject({
          equal: true,
        })
        expect(compareAnswers(`(${numbers.join(', ')})`, `(${turned.join(', ')})`)).toMatchObject({
          equal: false,
        })
        expect(compareAnswers(`\\{${numbers}\\}`, `\\{${turned.slice(1)}\\}`)).toMatchObject({ equal: false })
      }),
    )
  })
})

describe('matrices', () => {
  const array = '\\begin{array}{cc}1&2\\\\3&4\\end{array}'
  const matrix = '\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}'

  it.each(['\\left[A\\right]', '\\left(A\\right)', '( A )'])('are arrays in brackets: %s', brackets => {
    expect(compareAnswers(brackets.replace('A', array), matrix)).toMatchObject({ equal: true })
  })

  it.each(['\\left|A\\right|', '\\left(A\\right]', '\\left[A'])('are not arrays in %s', brackets => {
    expect(compareAnswers(brackets.replace('A', array), matrix)).toMatchObject({ equal: false })
  })

  it('between bars are determinants', () => {
    const determinant = matrix.replaceAll('pmatrix', 'vmatrix')
    expect(compareAnswers(`\\left|${array}\\right|`, determinant)).toMatchObject({ equal: true })
  })
})

describe('names of values', () => {
  it.each([
    ['(x, y) = (1, 2)', '(1, 2)'],
    ['(x, y) = (1, 2)', 'y = 2, x = 1'],
    ['y = 2, x = 1', '(1, 2)'],
    ['(x, y) = (1, 2), (3, 4)', '(3, 4), (1, 2)'],
    ['{1 \\over x+1}', '\\frac{1}{1+x}'],
  ])('%s is %s', (a, b) => {
    expect(compareAnswers(a, b)).toMatchObject({ equal: true })
    expect(compareAnswers(b, a)).toMatchObject({ equal: true })
  })
})

it.each([
  ['(x+1)^2', 'x^2+2x+1', true],
  ['0.333', '\\frac13', false],
  ['1.414', '\\sqrt2', false],
  ['3.14159', '\\pi', false],
])('%s against %s needs no values at points', (a, b, equal) => {
  expect(compareAnswers(a, b)).toMatchObject({ equal, by: expect.not.stringContaining('numerically') })
})
