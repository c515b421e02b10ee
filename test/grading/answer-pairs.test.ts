import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { gradeAnswer } from '../../core/grade/grade-answer.ts'

interface Pair {
  answer: string
  expected: string
  equal: boolean
  about: string
}

const pairs = readPairs('answer-pairs')

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

  it('are graded as labelled, in both directions', () => {
    const wrong: string[] = []
    for (const { answer, expected, equal } of pairs) {
      for (const [a, b] of [
        [answer, expected],
        [expected, answer],
      ] as const) {
        const verdict = gradeAnswer(`\\boxed{${a}}`, b)
        if (verdict.equal !== equal) wrong.push(`${a} against ${b}, labelled ${equal}: ${verdict.rule}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('are equal to themselves', () => {
    const texts = new Set(pairs.flatMap(({ answer, expected }) => [answer, expected]))
    const others: string[] = []
    for (const text of texts) if (!gradeAnswer(`\\boxed{${text}}`, text).equal) others.push(text)
    expect(others).toEqual([])
  })
})

it('whole answers and references by one who did not know the grader are graded as labelled', () => {
  const wrong: string[] = []
  for (const { answer, expected, equal } of readPairs('held-out-answer-pairs')) {
    const verdict = gradeAnswer(answer, expected)
    if (verdict.equal !== equal)
      wrong.push(`${answer} against ${expected}, labelled ${equal}: ${verdict.rule}`)
  }
  expect(wrong).toEqual([])
})

it('kinds of notation, and what only looks alike, are graded as labelled', () => {
  const wrong: string[] = []
  for (const { answer, expected, equal } of readPairs('notation-pairs')) {
    const verdict = gradeAnswer(answer, expected)
    if (verdict.equal !== equal)
      wrong.push(`${answer} against ${expected}, labelled ${equal}: ${verdict.rule}`)
  }
  expect(wrong).toEqual([])
})
