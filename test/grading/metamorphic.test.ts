import { expect, it } from 'vitest'
import { lastBoxed } from '../../core/grade/boxed-answer.ts'
import { gradeAnswer } from '../../core/grade/grade-answer.ts'
import { seededRandom } from '../../core/seeded-random.ts'
import { propertySeed } from '../support/property-seed.ts'
import { differ } from './evaluate-latex.ts'
import { pairSets, wholeAnswerPairs } from './labelled-pairs.ts'
import { mutations } from './mutations.ts'
import { contexts, namedNumber, type Rewrite, valueRewrites } from './rewrites.ts'

const pairs = pairSets.flatMap(wholeAnswerPairs)
const mutants = 20_000
/** Kinds of which a rewritten value is another notation: a choice in brackets, a multiple of a ratio. */
const noExpressions = new Set(['choice with its value', 'congruence', 'ratio'])

const boxOf = (text: string) => (text.split('\\boxed{').length === 2 ? lastBoxed(text) : null)
const withBox = (text: string, before: string, after: string) => text.replace(before, () => after)

it('a value in other words keeps its verdict', async () => {
  const changed: string[] = []
  let count = 0
  async function keeps(name: string, verdict: boolean, answer: string, expected: string): Promise<void> {
    count++
    const { equal, rule } = gradeAnswer(answer, expected)
    if (equal !== verdict) changed.push(`${name}: ${answer} against ${expected} is ${rule}`)
  }
  for (const { answer, expected, about } of pairs) {
    const verdict = gradeAnswer(answer, expected).equal
    const box = boxOf(answer)
    const rewrites: Rewrite[] = noExpressions.has(about) ? [] : [...valueRewrites]
    if (!noExpressions.has(about) && !/[=:<>]|\\[lgn]eq?/.test(answer + expected)) rewrites.push(namedNumber)
    for (const { name, apply } of rewrites) {
      const [reference, value] = [apply(expected), box === null ? null : apply(box)]
      if (reference !== null) {
        expect(differ(expected, reference), `${name} of ${expected}: ${reference}`).toBe(false)
        await keeps(name, verdict, answer, reference)
      }
      if (value !== null) await keeps(name, verdict, withBox(answer, box!, value), expected)
    }
    if (box === null || answer !== `\\boxed{${box}}`) continue
    for (const [name, wrap] of contexts) await keeps(name, verdict, wrap(box), expected)
  }
  console.log(`${count} rewritten answers and references`)
  expect(count).toBeGreaterThan(10_000)
  expect(changed).toEqual([])
})

it('a value that was changed is equal to itself no more', async () => {
  const draw = seededRandom(propertySeed)
  const random = (bound: number) => Math.floor(draw() * bound)
  const values = [
    ...new Set(
      pairs.flatMap(({ answer, expected }) => [expected, lastBoxed(answer)]).filter(value => value !== null),
    ),
  ]
  const seen = new Set<string>()
  const byName = new Map<string, number>()
  const falseEqual: string[] = []
  while (seen.size < mutants) {
    const value = values[random(values.length)]!
    const { name, apply } = mutations[random(mutations.length)]!
    const mutated = apply(value, random)
    const key = `${value} ${mutated}`
    if (mutated === null || seen.has(key)) continue
    seen.add(key)
    byName.set(name, (byName.get(name) ?? 0) + 1)
    const rewrite = valueRewrites[random(valueRewrites.length)]!
    const [context, wrap] = contexts[random(contexts.length)]!
    const answer = wrap(rewrite.apply(mutated) ?? mutated)
    const { equal, rule } = gradeAnswer(answer, value)
    if (equal) falseEqual.push(`${name}, in ${context}: ${answer} against ${value} is ${rule}`)
  }
  console.log(
    `${seen.size} changed values: ${[...byName].map(([name, count]) => `${count} ${name}`).join(', ')}`,
  )
  expect([...byName.keys()].sort()).toEqual(mutations.map(({ name }) => name).sort())
  expect(falseEqual).toEqual([])
})
