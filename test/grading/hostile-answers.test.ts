import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { gradeAnswer } from '../../core/grade/grade-answer.ts'
import { openAlgebra } from '../../node-runner/grading/open-algebra.ts'
import { hostilePairs } from './hostile-pairs.ts'
import { textPieces } from './mutated-answers.ts'

const algebra = openAlgebra()
afterAll(() => algebra.close())

describe('hostile input', () => {
  it('is graded once, so that the algebra is loaded', async () => {
    const verdict = await gradeAnswer('\\boxed{\\sin^2 x+\\cos^2 x}', '1', algebra)
    expect(verdict).toMatchObject({ equal: true, rule: 'boxed, equal by algebra' })
  })

  it.each(hostilePairs)('%s is not equal, and the rule says why', async (_, answer, expected, rule) => {
    const verdict = await gradeAnswer(answer, expected, algebra)
    expect(verdict.equal).toBe(false)
    expect(verdict.rule).toMatch(rule)
  })

  it('of any kind ends in a verdict', () => {
    const piece = fc.constantFrom(...textPieces)
    const text = fc.array(piece, { maxLength: 14 }).map(pieces => pieces.join(''))
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [there, back] = [gradeAnswer(`\\boxed{${a}}`, b, null), gradeAnswer(`\\boxed{${b}}`, a, null)]
        expect(there).toMatchObject({ rule: expect.any(String) })
        expect(back).toMatchObject({ rule: expect.any(String) })
      }),
      { numRuns: 4_000 },
    )
  })
})
