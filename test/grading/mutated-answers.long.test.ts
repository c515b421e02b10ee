import { expect, it } from 'vitest'
import { gradeAnswer } from '../../core/grade/grade-answer.ts'
import { hostilePairs } from './hostile-pairs.ts'
import { describeMutatedAnswers, gradeMutatedAnswers } from './mutated-answers.ts'

const mostMs = 2_000

it('a million mutated answers all end in a verdict, none late, in the same memory', {
  timeout: 4 * 3_600_000,
}, async () => {
  const found = await gradeMutatedAnswers(1_000_000)
  console.log(describeMutatedAnswers(found))
  expect(found.failures).toEqual([])
  expect(found.slowest.filter(({ ms }) => ms > mostMs)).toEqual([])
  expect(found.heapMegabytes.at(-1)! - found.heapMegabytes[0]!).toBeLessThan(8)
})

it.each(hostilePairs)('%s is graded within 2 s', async (_, answer, expected) => {
  gradeAnswer('\\boxed{\\sin^2 x}', '1 - \\cos^2 x')
  const start = performance.now()
  gradeAnswer(answer, expected)
  expect(performance.now() - start).toBeLessThan(mostMs)
})
