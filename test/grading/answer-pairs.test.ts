import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { gradeAnswer } from '../../core/grade/grade-answer.ts'
import { openAlgebra } from '../../node-runner/grading/open-algebra.ts'

interface Pair {
  answer: string
  expected: string
  equal: boolean
  about: string
}

const pairs = readPairs('answer-pairs')
const algebra = openAlgebra()
afterAll(() => algebra.close())

function readPairs(name: string): Pair[] {
  const path = new URL(`../golden/${name}.jsonl`, import.meta.url)
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  return lines.map(line => JSON.parse(line))
}

describe('labelled pairs', () => {
  it('are many, and many of them near misses', () => {
    expect(pairs.length).toBeGreaterThanOrEqual(400)
    expect(pairs.filter(({ equal }) => !equal).length).toBeGreaterThanOrEqual(160)
  })

  it('are graded as labelled, in both directions', { timeout: 60_000 }, async () => {
    const wrong: string[] = []
    for (const { answer, expected, equal } of pairs) {
      for (const [a, b] of [
        [answer, expected],
        [expected, answer],
      ] as const) {
        const verdict = await gradeAnswer(`\\boxed{${a}}`, b, algebra)
        if (verdict.equal !== equal) wrong.push(`${a} against ${b}, labelled ${equal}: ${verdict.rule}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('are equal to themselves', { timeout: 60_000 }, async () => {
    const texts = new Set(pairs.flatMap(({ answer, expected }) => [answer, expected]))
    const others: string[] = []
    for (const text of texts)
      if (!(await gradeAnswer(`\\boxed{${text}}`, text, algebra)).equal) others.push(text)
    expect(others).toEqual([])
  })

  it('are never taken for equal without the algebra if they are not', () => {
    for (const { answer, expected, equal } of pairs)
      if (!equal) expect(gradeAnswer(`\\boxed{${answer}}`, expected, null)).toMatchObject({ equal: false })
  })
})

it('whole answers and references by one who did not know the grader are graded as labelled', async () => {
  const wrong: string[] = []
  for (const { answer, expected, equal } of readPairs('held-out-answer-pairs')) {
    const verdict = await gradeAnswer(answer, expected, algebra)
    if (verdict.equal !== equal)
      wrong.push(`${answer} against ${expected}, labelled ${equal}: ${verdict.rule}`)
  }
  expect(wrong).toEqual([])
})
