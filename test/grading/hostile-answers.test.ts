import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gradeAnswer } from '../../core/grade/grade-answer.ts'
import { hostilePairs } from './hostile-pairs.ts'
import { textPieces } from './mutated-answers.ts'

describe('hostile input', () => {
  it.each(hostilePairs)('%s is not equal, and the rule says why', (_, answer, expected, rule) => {
    const verdict = gradeAnswer(answer, expected)
    expect(verdict.equal).toBe(false)
    expect(verdict.rule).toMatch(rule)
  })

  it('of any kind ends in a verdict', () => {
    const piece = fc.constantFrom(...textPieces)
    const text = fc.array(piece, { maxLength: 14 }).map(pieces => pieces.join(''))
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [there, back] = [gradeAnswer(`\\boxed{${a}}`, b), gradeAnswer(`\\boxed{${b}}`, a)]
        expect(there).toMatchObject({ rule: expect.any(String) })
        expect(back).toMatchObject({ rule: expect.any(String) })
      }),
      { numRuns: 4_000 },
    )
  })
})
