import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gradeAnswer } from './grade-answer.ts'

const grade = (answer: string, expected: string) => gradeAnswer(answer, expected)

describe('any input', () => {
  test('a number in two notations is equal to itself and to no other', () => {
    const integer = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })
    const natural = fc.bigInt({ min: 1n, max: 10n ** 12n })
    fc.assert(
      fc.property(integer, natural, natural, (numerator, denominator, factor) => {
        const notations = [
          `${numerator}/${denominator}`,
          `${numerator * factor} / ${denominator * factor}`,
          `${-numerator}/${-denominator}`,
          `\\frac{${numerator}}{${denominator}}`,
          `\\dfrac{${numerator.toLocaleString('en-US')}}{${denominator}}`,
          `$x = \\tfrac{${-numerator}}{-${denominator}}$`,
          `${numerator}.0/${denominator}.00`,
          `${numerator}/${denominator} apples`,
        ]
        for (const a of notations) {
          for (const b of notations) expect(grade(`\\boxed{${a}}`, b).equal).toBe(true)
        }
        expect(grade(`\\boxed{${notations[0]}}`, `${numerator + 1n}/${denominator}`).equal).toBe(false)
      }),
    )
  })

  test('a decimal in two notations is equal to itself', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat(30), (digits, places) => {
        const shifted = `${digits}e-${places}`
        const fraction = `\\frac{${digits}}{1${'0'.repeat(places)}}`
        const power = `${digits} \\times 10^{-${places}}`
        for (const other of [fraction, power, shifted]) {
          expect(grade(`\\boxed{${shifted}}`, other).rule).toBe('boxed, equal as rationals')
        }
      }),
    )
  })

  test('never throws, and never takes an absent answer or reference for right', () => {
    const piece = fc.constantFrom(
      ...[
        '\\boxed{',
        '{',
        '}',
        '\\frac',
        '####',
        'the answer is ',
        '1',
        '-',
        '/',
        '.',
        ',',
        '$',
        '\\',
        'e',
        '%',
      ],
      ...[' ', '\n', '=', 'x', '^', '\\text{', '\u2028', '0', '10^'],
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map(pieces => pieces.join('')),
    )
    fc.assert(
      fc.property(text, text, (answer, expected) => {
        const verdict = grade(answer, expected)
        if (verdict.extracted === null || expected.trim() === '') expect(verdict.equal).toBe(false)
        expect(grade(answer, '').equal).toBe(false)
      }),
      { numRuns: 3_000 },
    )
  })

  test('answers over 1,000 characters are compared as they stand', () => {
    const long = '1'.repeat(1_001)
    expect(grade(`\\boxed{${long}}`, long).rule).toBe('boxed, equal as text, having 1001 characters')
    expect(grade(`\\boxed{${long}}`, `${long}.0`).rule).toBe('boxed, unequal as text, having 1001 characters')
  })
})
