import { expect, it } from 'vitest'
import { defaultGradingRules } from '../../core/grade/grading-rules.ts'
import type { RunFacts } from '../data/run-facts.ts'
import { runDifferences } from './run-differences.ts'

const facts = (changes: Partial<RunFacts>) =>
  ({ model: 'a', dtypes: 'bf16', dataSet: 'set', problems: 3, mesh: null, ...changes }) as RunFacts

it('names what differs and changes answers or verdicts, and nothing else', () => {
  const one = facts({
    grading: defaultGradingRules,
    decoding: { temperature: 0, stopIds: [1, 2], seed: 0, samples: 1, sources: {} },
  })
  const other = facts({
    dataSet: 'other',
    problems: 9,
    mesh: { tp: 2, dp: 1 },
    grading: { tolerance: 0.01, severalBoxes: 'all' },
    decoding: {
      temperature: 0.7,
      stopIds: [1, 2],
      seed: 0,
      topP: 0.9,
      samples: 4,
      sources: { topP: 'flag' },
    },
  })
  expect(runDifferences(one, other)).toEqual([
    'data set set → other',
    'temperature 0 → 0.7',
    'tolerance 0 → 0.01',
    'topP none → 0.9',
  ])
  expect(runDifferences(one, one)).toEqual([])
  expect(runDifferences(null, one)).toEqual([])
})
