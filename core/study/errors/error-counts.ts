import type { SampleRecord } from '../../record/sample.ts'
import { type ErrorCounts, errorKinds } from '../findings.ts'
import { wilsonInterval } from '../statistics/intervals.ts'
import { addValue, createRunningMean, finishMean } from '../tokens/first-wrong-step.ts'
import type { ErrorLabels } from './error-labels.ts'
import { type SortableSample, type SortedError, sortError } from './sort-error.ts'

const exampleCount = 5

/** Sorts and counts the incorrect answers of a run, those labelled by hand as they are labelled; keeps no answer. */
export function createErrorCounter(labels?: ErrorLabels) {
  const kinds = errorKinds.map(kind => ({
    kind,
    n: 0,
    entropy: createRunningMean(),
    rules: new Map<string, number>(),
    examples: [] as ErrorCounts['kinds'][number]['examples'],
  }))
  let n = 0
  return {
    /** Sorts a sample, by its label if it has one, and counts it. Returns how it was sorted; null for a correct one. */
    add(
      sample: SortableSample & Pick<SampleRecord, 'problemId' | 'sampleIndex' | 'meanEntropyNats'>,
    ): SortedError | null {
      const sorted = sortError(sample)
      if (sorted === null) return null
      const label = labels?.labelOf(sample) ?? null
      const error = label === null ? sorted : { ...sorted, kind: label, rule: 'labelled by hand' }
      const count = kinds[errorKinds.indexOf(error.kind)]!
      n++
      count.n++
      count.rules.set(error.rule, (count.rules.get(error.rule) ?? 0) + 1)
      if (Number.isFinite(sample.meanEntropyNats)) addValue(count.entropy, sample.meanEntropyNats!)
      if (count.examples.length < exampleCount) {
        const { problemId, sampleIndex } = sample
        const { step, characterOffset } = error
        count.examples.push({ problemId, sampleIndex, step, characterOffset })
      }
      return error
    },
    finish(): ErrorCounts {
      return {
        n,
        kinds: kinds.map(({ kind, n: count, entropy, rules, examples }) => {
          const interval = wilsonInterval(count, n)
          return {
            kind,
            n: count,
            share: n === 0 ? null : count / n,
            low: interval?.low ?? null,
            high: interval?.high ?? null,
            meanEntropyNats: finishMean(entropy).mean,
            rules: [...rules].map(([rule, times]) => ({ rule, n: times })).sort((a, b) => b.n - a.n),
            examples,
          }
        }),
      }
    },
  }
}
