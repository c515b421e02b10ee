import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { gradeAnswer } from '../../core/grade/grade-answer.ts'
import { defaultGradingRules } from '../../core/grade/grading-rules.ts'

const pairs = ['answer-pairs', 'held-out-answer-pairs'].flatMap(name =>
  readFileSync(new URL(`../golden/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { answer: string; expected: string }),
)

/** How an answer was found, and then by what it is equal or not; or why nothing was compared. */
const complete =
  /^(?:no answer found|[^,]+, no expected answer|[^,]+, (?:un)?equal (?:(?:as|by|without) \S.*|numerically.*))$/

it('every verdict names the rule that reached it, to its end', async () => {
  // What names another unknown is compared no further.
  const named = { answer: 'x = \\sqrt{2}', expected: 'y = \\sqrt{2}' }
  const texts: string[] = []
  for (const { answer, expected } of [named, ...pairs])
    for (const text of [`\\boxed{${answer}}`, answer, `The answer is ${answer}`])
      for (const tolerance of [0, 0.01]) {
        const { rule } = gradeAnswer(text, expected, { ...defaultGradingRules, tolerance })
        if (!complete.test(rule) || rule !== rule.trim()) texts.push(`${text} against ${expected}: "${rule}"`)
      }
  expect(texts).toEqual([])
})
