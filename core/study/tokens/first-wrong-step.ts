import type { StepEntropies, TokenFindings } from '../findings.ts'

const reach = 8
/** Positions beyond are not compared: a bound of memory. */
const mostPositions = 4_096

/** Compares the entropy about the first wrong step with that of correct answers, in one pass; tokens are of so many kinds. */
export function createFirstWrongStepCounter(kinds: number) {
  const correctCounts = new Float64Array(mostPositions)
  const correctSums = new Float64Array(mostPositions)
  const correctKinds = Array.from({ length: kinds }, createRunningMean)
  const places = Array.from({ length: 2 * reach + 1 }, (_, index) => ({
    offset: index - reach,
    incorrect: createRunningMean(),
    /** How many incorrect answers have this place at which position. */
    positions: new Map<number, number>(),
    /** And how many have a token of which kind there. */
    kinds: new Map<number, number>(),
  }))
  let n = 0
  return {
    /** `kindAt` gives the kind of a token, as its number from 0. */
    addCorrect(entropies: ArrayLike<number>, kindAt: (index: number) => number): void {
      for (let index = 0; index < entropies.length; index++)
        addValue(correctKinds[kindAt(index)]!, entropies[index]!)
      const count = Math.min(entropies.length, mostPositions)
      for (let position = 0; position < count; position++) {
        correctCounts[position]!++
        correctSums[position]! += entropies[position]!
      }
    },
    /** `token` holds the first wrong character. */
    addIncorrect(entropies: ArrayLike<number>, kindAt: (index: number) => number, token: number): void {
      n++
      for (const { offset, incorrect, positions, kinds } of places) {
        const position = token + offset
        if (position < 0 || position >= entropies.length) continue
        addValue(incorrect, entropies[position]!)
        if (position < mostPositions) count(positions, position)
        count(kinds, kindAt(position))
      }
    },
    finish(): TokenFindings['firstWrongStep'] {
      const rows = places.map(({ offset, incorrect, positions, kinds }) => ({
        offset,
        incorrect,
        correct: meanOver(positions, position => ({
          n: correctCounts[position]!,
          sum: correctSums[position]!,
        })),
        correctOfKind: meanOver(kinds, kind => correctKinds[kind]!),
      }))
      const joined = (isWanted: (offset: number) => boolean) =>
        entropiesOf(rows.filter(({ offset }) => isWanted(offset)))
      return {
        n,
        at: joined(offset => offset === 0),
        before: joined(offset => offset < 0),
        after: joined(offset => offset > 0),
        offsets: rows.map(row => ({ offset: row.offset, ...entropiesOf([row]) })),
      }
    },
  }
}

function count(times: Map<number, number>, key: number): void {
  times.set(key, (times.get(key) ?? 0) + 1)
}

/** Of what is counted the means, where there are any, each as often as it is counted. */
function meanOver(times: Map<number, number>, meanOf: (key: number) => RunningMean): RunningMean {
  const joined = createRunningMean()
  for (const [key, often] of times) {
    const { n, sum } = meanOf(key)
    if (n === 0) continue
    joined.n += often
    joined.sum += (often * sum) / n
  }
  return joined
}

function entropiesOf(rows: readonly Record<keyof StepEntropies, RunningMean>[]): StepEntropies {
  const over = (of: keyof StepEntropies) =>
    finishMean({
      n: rows.reduce((sum, row) => sum + row[of].n, 0),
      sum: rows.reduce((sum, row) => sum + row[of].sum, 0),
    })
  return { incorrect: over('incorrect'), correct: over('correct'), correctOfKind: over('correctOfKind') }
}

/** Number and sum of what was added. */
export interface RunningMean {
  n: number
  sum: number
}

/** Of nothing yet. */
export function createRunningMean(): RunningMean {
  return { n: 0, sum: 0 }
}

/** Adds a value. */
export function addValue(running: RunningMean, value: number): void {
  running.n++
  running.sum += value
}

/** The mean so far. */
export function finishMean({ n, sum }: RunningMean): { n: number; mean: number | null } {
  return { n, mean: n === 0 ? null : sum / n }
}
