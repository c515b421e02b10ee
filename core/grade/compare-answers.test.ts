import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareAnswers } from './compare-answers.ts'

const exactly = (a: string, b: string) => compareAnswers(a, b)

describe('exact rules', () => {
  const coefficient = fc.integer({ min: -99, max: 99 })

  it('expand a product of two linear factors', () => {
    fc.assert(
      fc.property(coefficient, coefficient, coefficient, coefficient, (a, b, c, d) => {
        const product = `(${a}x+(${b}))(${c}x+(${d}))`
        const sum = (constant: number) => `${a * c}x^2+(${a * d + b * c})x+(${constant})`
        expect(exactly(product, sum(b * d))).toMatchObject({ equal: true })
        expect(exactly(sum(b * d), product)).toMatchObject({ equal: true })
        expect(exactly(product, sum(b * d + 1))).toMatchObject({ equal: false })
      }),
    )
  })

  it('take squares out of roots', () => {
    const natural = fc.integer({ min: 1, max: 999 })
    fc.assert(
      fc.property(natural, natural, (outside, inside) => {
        const [root, product] = [`\\sqrt{${outside * outside * inside}}`, `${outside}\\sqrt{${inside}}`]
        expect(exactly(root, product)).toMatchObject({ equal: true })
        expect(exactly(`\\frac{${outside * inside}}{\\sqrt{${inside}}}`, product)).toMatchObject({
          equal: true,
        })
        expect(exactly(root, `${outside + 1}\\sqrt{${inside}}`)).toMatchObject({ equal: false })
      }),
    )
  })

  it('compare sets without order and tuples with it', () => {
    const items = fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(items, numbers => {
        const turned = [...numbers.slice(1), numbers[0]!]
        expect(exactly(`\\{${numbers}\\}`, `\\{${turned.join(', ')}\\}`)).toMatchObject({ equal: true })
        expect(exactly(`(${numbers.join(', ')})`, `(${turned.join(', ')})`)).toMatchObject({ equal: false })
        expect(exactly(`\\{${numbers}\\}`, `\\{${turned.slice(1)}\\}`)).toMatchObject({ equal: false })
      }),
    )
  })
})

describe('matrices', () => {
  const array = '\\begin{array}{cc}1&2\\\\3&4\\end{array}'
  const matrix = '\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}'

  it.each(['\\left[A\\right]', '\\left(A\\right)', '( A )'])('are arrays in brackets: %s', brackets => {
    expect(exactly(brackets.replace('A', array), matrix)).toMatchObject({ equal: true })
  })

  it.each(['\\left|A\\right|', '\\left(A\\right]', '\\left[A'])('are not arrays in %s', brackets => {
    expect(exactly(brackets.replace('A', array), matrix)).toMatchObject({ equal: false })
  })

  it('between bars are determinants', () => {
    const determinant = matrix.replaceAll('pmatrix', 'vmatrix')
    expect(exactly(`\\left|${array}\\right|`, determinant)).toMatchObject({ equal: true })
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
    expect(exactly(a, b)).toMatchObject({ equal: true })
    expect(exactly(b, a)).toMatchObject({ equal: true })
  })
})
