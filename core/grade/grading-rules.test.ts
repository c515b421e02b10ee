import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../input-error.ts'
import { createAnswerClassCollector, gradeAnswer } from './grade-answer.ts'
import {
  defaultGradingRules,
  type GradingRules,
  gradingDifferences,
  gradingWarning,
  hangsOnTolerance,
  readGradingRules,
  withAskedRules,
  withinTolerance,
} from './grading-rules.ts'

const within = (tolerance: number): GradingRules => ({ ...defaultGradingRules, tolerance })
const grade = (answer: string, expected: string, tolerance: number) =>
  gradeAnswer(`\\boxed{${answer}}`, expected, within(tolerance))

describe('the rules of a run', () => {
  it('are those of version 0.1.0 where run.json names none, and the default of a new run', () => {
    expect(readGradingRules('run.json', undefined)).toEqual({ tolerance: 0, severalBoxes: 'last' })
    expect(readGradingRules('run.json', { tolerance: 0.01 })).toEqual({
      tolerance: 0.01,
      severalBoxes: 'last',
    })
    expect(defaultGradingRules).toEqual({ tolerance: 0, severalBoxes: 'all' })
  })

  it.each([
    [{ tolerance: 1 }, /run\.json: grading\.tolerance is 1, expected a number from 0 to below 1/],
    [{ tolerance: '0.01' }, /grading\.tolerance is "0\.01"/],
    [{ severalBoxes: 'first' }, /grading\.severalBoxes is "first", expected last or all/],
  ])('refuse %o by name', (recorded, message) => {
    expect(() => readGradingRules('run.json', recorded)).toThrow(InputError)
    expect(() => readGradingRules('run.json', recorded)).toThrow(message)
  })

  it('give way to those that are asked for, which are named where they differ', () => {
    const asked = withAskedRules(defaultGradingRules, { tolerance: 0.02 })
    expect(asked).toEqual({ tolerance: 0.02, severalBoxes: 'all' })
    expect(gradingDifferences(defaultGradingRules, asked)).toEqual(['tolerance 0 against 0.02'])
    expect(gradingDifferences(asked, asked)).toEqual([])
  })

  it('are doubtful with a tolerance above 5 %', () => {
    expect(gradingWarning(within(0.05))).toBeNull()
    expect(gradingWarning(within(0.06))).toMatch(/^The tolerance of 6 % \(--tolerance 0\.06\) is above 5 %/)
  })
})

describe('a tolerance', () => {
  it.each([
    ['99', '100', 0.01],
    ['101', '100', 0.01],
    ['0.707', '0.7', 0.01],
    ['-3.14', '-3.1416', 0.001],
    ['0.333', '\\frac13', 0.01],
    ['14.3%', '14.2857\\%', 0.01],
    ['\\$5.1', '5', 0.02],
    ['(1.01, 2)', '(1, 2.01)', 0.01],
    ['\\{1.01, 5\\}', '\\{5, 1\\}', 0.01],
    ['[0, 1.41]', '[0, 1.4142]', 0.01],
    ['\\begin{pmatrix}1.01&2\\end{pmatrix}', '\\begin{pmatrix}1&2\\end{pmatrix}', 0.01],
  ])('makes %s right for %s, which the rule tells', (answer, expected, tolerance) => {
    expect(grade(answer, expected, 0)).toMatchObject({ equal: false })
    const verdict = grade(answer, expected, tolerance)
    expect(verdict).toMatchObject({ equal: true, rule: expect.stringMatching(/ within 0\.0\d+$/) })
    expect(hangsOnTolerance((verdict as { rule: string }).rule)).toBe(true)
  })

  it.each([
    ['98.9', '100', 0.01],
    ['101.1', '100', 0.01],
    ['0.0001', '0', 0.5],
    ['-3', '3', 0.9],
    ['5 kg', '5.01 m', 0.01],
    ['x = 5', 'y = 5.01', 0.01],
    ['1.01x', 'x', 0.05],
    ['(1.01, 2)', '(1, 3)', 0.01],
    ['(1, 2)', '(1, 2, 2)', 0.5],
    ['yes', 'no', 0.5],
  ])('leaves %s wrong for %s', (answer, expected, tolerance) => {
    const verdict = grade(answer, expected, tolerance)
    expect(verdict).toMatchObject({ equal: false })
    expect(hangsOnTolerance((verdict as { rule: string }).rule)).toBe(false)
  })

  it('changes no rule of what is equal without it', () => {
    for (const [answer, expected] of [
      ['\\frac12', '0.5'],
      ['(x+1)^2', 'x^2+2x+1'],
      ['(1, 2)', '(1, 2)'],
    ] as const)
      expect(grade(answer, expected, 0.1)).toEqual(grade(answer, expected, 0))
  })

  it('is a share of the expected number, its bound included in decimals', () => {
    const decimal = fc.integer({ min: 1, max: 9_999 })
    fc.assert(
      fc.property(decimal, fc.integer({ min: 1, max: 99 }), fc.boolean(), (hundredths, percent, isAbove) => {
        const expected = hundredths / 100
        // A share of a number of two decimals has four: on the bound, and one unit of the last place beyond it.
        const bound = (hundredths * (100 + (isAbove ? percent : -percent))) / 1e4
        expect(withinTolerance(bound, expected, percent / 100)).toBe(true)
        expect(withinTolerance(bound + (isAbove ? 1e-4 : -1e-4), expected, percent / 100)).toBe(false)
        expect(withinTolerance(-bound, -expected, percent / 100)).toBe(true)
        expect(withinTolerance(bound, expected, 0)).toBe(bound === expected)
      }),
    )
    expect(withinTolerance(0, 0, 0.1)).toBe(true)
    expect(withinTolerance(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0.1)).toBe(false)
    expect(withinTolerance(Number.NaN, 1, 0.1)).toBe(false)
  })

  it('puts wrong answers that it makes equal into one class', () => {
    const classesWithin = (tolerance: number) => {
      const collector = createAnswerClassCollector(within(tolerance))
      const answers = ['100', '100.5', '7', '102']
      for (const extractedAnswer of answers)
        collector.add({ problemIndex: 0, correct: extractedAnswer === '7', extractedAnswer })
      return Array.from(collector.classes)
    }
    expect(classesWithin(0)).toEqual([0, 1, 2, 3])
    expect(classesWithin(0.01)).toEqual([0, 0, 1, 2])
  })
})
