import { readFileSync } from 'node:fs'

/** A model's answer and a reference, labelled by a person. */
export interface LabelledPair {
  answer: string
  expected: string
  equal: boolean
  /** What the pair is of. */
  about: string
}

/** The sets of pairs in test/golden. */
export const pairSets = [
  'answer-pairs',
  'held-out-answer-pairs',
  'hard-answer-pairs',
  'fresh-answer-pairs',
] as const

/** The pairs of a set, each with a whole answer: those of `answer-pairs` are put into a box, as bare values. */
export function wholeAnswerPairs(name: (typeof pairSets)[number]): LabelledPair[] {
  const pairs = readPairs(name)
  return name === 'answer-pairs' ? pairs.map(pair => ({ ...pair, answer: `\\boxed{${pair.answer}}` })) : pairs
}

/** The pairs of a set as its file has them. */
export function readPairs(
  name: (typeof pairSets)[number] | 'notation-pairs' | 'kinds-answer-pairs',
): LabelledPair[] {
  const path = new URL(`../golden/${name}.jsonl`, import.meta.url)
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  return lines.map(line => JSON.parse(line))
}
