import { addValue, createRunningMean, finishMean, type Mean, type RunningMean } from './running-mean.ts'

/** Entropy at one place about the first wrong character, with that of correct answers at the same positions. */
export interface StepOffset {
  /** Tokens from the one that holds the first wrong character: negative before it, positive after. */
  offset: number
  incorrect: Mean
  /**
   * Mean, over those incorrect answers, of the mean entropy of all correct answers' tokens at the same position; `n`
   * counts the answers whose position some correct answer reaches.
   */
  correct: Mean
}

/** Entropy about the first wrong step of incorrect answers, nats. */
export interface FirstWrongStep {
  /** Number of answers whose first wrong character is known. */
  n: number
  /** Of the token that holds the first wrong character. */
  at: { incorrect: Mean; correct: Mean }
  /** Over the tokens up to `reach` before and after it. */
  before: { incorrect: Mean; correct: Mean }
  after: { incorrect: Mean; correct: Mean }
  offsets: StepOffset[]
}

/** Entropies that grow answer by answer. */
export interface FirstWrongStepCounter {
  addCorrect(entropies: ArrayLike<number>): void
  /** `token` holds the first wrong character. */
  addIncorrect(entropies: ArrayLike<number>, token: number): void
  finish(): FirstWrongStep
}

/** How many tokens before and after the first wrong one are looked at. */
const reach = 8
/** Positions beyond are not compared: a bound of memory. */
const mostPositions = 4_096

/** Compares the entropy about the first wrong step with that of correct answers at the same positions, in one pass. */
export function createFirstWrongStepCounter(): FirstWrongStepCounter {
  const correctCounts = new Float64Array(mostPositions)
  const correctSums = new Float64Array(mostPositions)
  const places = Array.from({ length: 2 * reach + 1 }, (_, index) => ({
    offset: index - reach,
    incorrect: createRunningMean(),
    /** How many incorrect answers have this place at which position. */
    positions: new Map<number, number>(),
  }))
  let n = 0
  return {
    addCorrect(entropies) {
      const count = Math.min(entropies.length, mostPositions)
      for (let position = 0; position < count; position++) {
        correctCounts[position]!++
        correctSums[position]! += entropies[position]!
      }
    },
    addIncorrect(entropies, token) {
      n++
      for (const { offset, incorrect, positions } of places) {
        const position = token + offset
        if (position < 0 || position >= entropies.length) continue
        addValue(incorrect, entropies[position]!)
        if (position < mostPositions) positions.set(position, (positions.get(position) ?? 0) + 1)
      }
    },
    finish() {
      const rows = places.map(({ offset, incorrect, positions }) => {
        const correct = createRunningMean()
        for (const [position, times] of positions) {
          if (correctCounts[position] === 0) continue
          correct.n += times
          correct.sum += (times * correctSums[position]!) / correctCounts[position]!
        }
        return { offset, incorrect, correct }
      })
      const joined = (isWanted: (offset: number) => boolean) => {
        const wanted = rows.filter(row => isWanted(row.offset))
        return {
          incorrect: finishMean(total(wanted.map(row => row.incorrect))),
          correct: finishMean(total(wanted.map(row => row.correct))),
        }
      }
      return {
        n,
        at: joined(offset => offset === 0),
        before: joined(offset => offset < 0),
        after: joined(offset => offset > 0),
        offsets: rows.map(({ offset, incorrect, correct }) => ({
          offset,
          incorrect: finishMean(incorrect),
          correct: finishMean(correct),
        })),
      }
    },
  }
}

function total(means: readonly RunningMean[]): RunningMean {
  return means.reduce(
    (sum, { n, sum: value }) => ({ n: sum.n + n, sum: sum.sum + value }),
    createRunningMean(),
  )
}
