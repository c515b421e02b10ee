import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../../seeded-random.ts'
import { clustersOf } from '../statistics/clusters.ts'
import { groupedFolds } from './calibration-fits.ts'

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0)

test('no problem lies in two folds, and folds have as many problems, answers and marks as can be', () => {
  const problems = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 40,
  })
  fc.assert(
    fc.property(problems, fc.integer({ min: 2, max: 6 }), fc.nat(), (verdicts, foldCount, seed) => {
      // Answers of a problem stand apart, as those of a run by answer do.
      const answers = verdicts
        .flatMap((marks, problem) => marks.map((mark, answer) => ({ problem, mark: Number(mark), answer })))
        .sort((first, second) => first.answer - second.answer)
      const clusters = clustersOf(answers.map(({ problem }) => String(problem)))
      const marks = answers.map(({ mark }) => mark)
      const folds = groupedFolds(clusters, marks, foldCount, seededRandom(seed))
      expect(groupedFolds(clusters, marks, foldCount, seededRandom(seed))).toEqual(folds)

      const foldsOf = verdicts.map(() => new Set<number>())
      for (const [row, { problem }] of answers.entries()) foldsOf[problem]!.add(folds[row]!)
      for (const inFolds of foldsOf) expect(inFolds.size).toBe(1)
      const spreadOver = (amount: (problem: number) => number) => {
        const inFold = Array.from({ length: foldCount }, (_, fold) =>
          sum(verdicts.map((_marks, problem) => (foldsOf[problem]!.has(fold) ? amount(problem) : 0))),
        )
        return Math.max(...inFold) - Math.min(...inFold)
      }
      const markedOf = (problem: number) => sum(verdicts[problem]!.map(Number))
      expect(spreadOver(() => 1)).toBeLessThanOrEqual(1)
      expect(spreadOver(markedOf)).toBeLessThanOrEqual(
        Math.max(...verdicts.map((_marks, problem) => markedOf(problem))),
      )
    }),
  )
})

test('another seed deals other folds', () => {
  const clusters = clustersOf(Array.from({ length: 50 }, (_, problem) => String(problem)))
  const marks = Array.from({ length: 50 }, (_, problem) => problem % 2)
  const foldsBy = (seed: number) => groupedFolds(clusters, marks, 5, seededRandom(seed))
  expect(foldsBy(1)).not.toEqual(foldsBy(2))
  for (let fold = 0; fold < 5; fold++) {
    const members = [...foldsBy(1).keys()].filter(row => foldsBy(1)[row] === fold)
    expect([members.length, sum(members.map(row => marks[row]!))]).toEqual([10, 5])
  }
})
