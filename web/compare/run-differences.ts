import type { RunFacts } from '../data/run-facts.ts'

/** What is set for decoding and changes no answer: how many there are, what is recorded, and where a setting came from. */
const withoutEffect = new Set(['samples', 'topLogprobs', 'pTrue', 'sources'])

/** In words, what of the settings of two runs differs and changes answers or verdicts; none where a run does not say. */
export function runDifferences(one: RunFacts | null, other: RunFacts | null): string[] {
  if (!one || !other) return []
  const settings = ({ model, dtypes, dataSet, decoding, grading }: RunFacts): Record<string, unknown> => ({
    model,
    dtypes,
    'data set': dataSet,
    ...decoding,
    ...grading,
  })
  const [first, second] = [settings(one), settings(other)]
  return [...new Set([...Object.keys(first), ...Object.keys(second)])].flatMap(name => {
    const [from, to] = [wordsOf(first[name]), wordsOf(second[name])]
    return from === to || withoutEffect.has(name) ? [] : [`${name} ${from} → ${to}`]
  })
}

function wordsOf(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
