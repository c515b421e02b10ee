import { expect, it } from 'vitest'
import { createAnswerClassCollector } from './answer-class-collector.ts'
import { defaultGradingRules } from './grading-rules.ts'

it('puts equal answers to a problem into one class, whatever their notation', () => {
  const collector = createAnswerClassCollector(defaultGradingRules)
  const add = (problemIndex: number, correct: boolean, extractedAnswer: string | null) =>
    collector.add({ problemIndex, correct, extractedAnswer })
  add(0, false, '\\frac{1}{2}')
  add(0, true, '7')
  add(0, false, '0.5')
  add(1, false, '0.5')
  add(0, false, null)
  add(0, true, '7.0')
  add(0, false, null)
  add(0, false, '8')
  expect(Array.from(collector.classes)).toEqual([0, 1, 0, 0, 2, 1, 2, 3])
})
