import { invertPositiveDefinite } from './cholesky.ts'
import { logistic } from './logistic.ts'

/** A logistic regression that converged. */
export interface LogisticFit {
  /** One for each column. */
  coefficients: number[]
  /** Inverse of the Fisher information at the coefficients. */
  covariance: number[][]
  /** Σ y ln p + (1 − y) ln(1 − p), plus Firth's penalty if it was asked for. */
  logLikelihood: number
}

export interface LogisticOptions {
  /** Adds Firth's penalty, half the ln of the information's determinant (1993): finite coefficients in separated data too. */
  firth?: boolean
  /** A column whose coefficient stays 0; the penalty still sees it, as a profile of the penalised likelihood demands. */
  heldAtZero?: number
}

const mostSteps = 100
/** A step that betters nothing at a 4,096th of its length betters nothing: what differs is rounding. */
const mostHalvings = 12

/**
 * Fits P(y = 1) = 1/(1 + e^(−Σ βⱼxⱼ)) by Newton's method with halved steps. `columns` are the x, an intercept being a column of ones; outcomes
 * are 0 or 1, or between. Null when the columns depend on each other or no finite maximum exists: the classes are
 * separated, and no step is the last (Albert and Anderson 1984). With Firth's penalty the information is not the curvature, and steps by it
 * shrink so slowly in small data that they do not end: there the curvature is learnt from the steps (BFGS; Nocedal and Wright 2006, 6.17).
 */
export function fitLogistic(
  columns: readonly Float64Array[],
  outcomes: ArrayLike<number>,
  { firth = false, heldAtZero = -1 }: LogisticOptions = {},
): LogisticFit | null {
  // How far a sum over all answers may be off, relative.
  const rounding = 1e-12 + outcomes.length * Number.EPSILON
  let coefficients = columns.map(() => 0)
  let state = evaluate(columns, outcomes, coefficients, firth)
  let inverse = state && inverseOfFree(state, heldAtZero)
  for (let step = 0; step < mostSteps && state !== null && inverse !== null; step++) {
    const direction = multiply(inverse, state.score)
    const largest = Math.max(...direction.map(Math.abs))
    if (largest < 1e-12 || (step > 30 && largest < 1e-9)) return finish(coefficients, state)
    // Firth's steps are bounded as in logistf: far from the maximum the penalty is not concave.
    let scale = firth && largest > 5 ? 5 / largest : 1
    let next: Evaluation | null = null
    let tried: number[] = coefficients
    for (let halving = 0; halving < mostHalvings; halving++, scale /= 2) {
      tried = coefficients.map((value, column) => value + scale * direction[column]!)
      next = evaluate(columns, outcomes, tried, firth)
      if (
        next !== null &&
        next.logLikelihood >= state.logLikelihood - rounding * Math.abs(state.logLikelihood)
      )
        break
      next = null
    }
    // No step betters the likelihood: the rest is rounding.
    if (next === null) return largest < 1e-6 ? finish(coefficients, state) : null
    // A long step that betters it by no more than that leads to no maximum.
    const gain = next.logLikelihood - state.logLikelihood
    if (!firth && scale * largest > 0.05 && gain < rounding * Math.abs(state.logLikelihood)) return null
    inverse = firth
      ? learnCurvature(
          inverse,
          direction.map(value => scale * value),
          state.score.map((value, column) => (column === heldAtZero ? 0 : value - next.score[column]!)),
        )
      : inverseOfFree(next, heldAtZero)
    coefficients = tried
    state = next
  }
  return null
}

interface Evaluation {
  logLikelihood: number
  score: number[]
  information: number[][]
  inverse: number[][]
}

function evaluate(
  columns: readonly Float64Array[],
  outcomes: ArrayLike<number>,
  coefficients: readonly number[],
  firth: boolean,
): Evaluation | null {
  const size = columns.length
  const count = outcomes.length
  const score = columns.map(() => 0)
  const information = columns.map(() => columns.map(() => 0))
  const probabilities = new Float64Array(count)
  let logLikelihood = 0
  for (let index = 0; index < count; index++) {
    let predictor = 0
    for (let column = 0; column < size; column++)
      predictor += coefficients[column]! * columns[column]![index]!
    const probability = logistic(predictor)
    probabilities[index] = probability
    // ln p = −ln(1 + e^(−η)) and ln(1 − p) = ln p − η, without overflow.
    const logProbability = Math.min(0, predictor) - Math.log1p(Math.exp(-Math.abs(predictor)))
    logLikelihood += logProbability - (1 - outcomes[index]!) * predictor
    const residual = outcomes[index]! - probability
    const weight = probability * (1 - probability)
    for (let row = 0; row < size; row++) {
      const x = columns[row]![index]!
      score[row]! += residual * x
      for (let column = 0; column <= row; column++) {
        information[row]![column]! += weight * x * columns[column]![index]!
      }
    }
  }
  for (let row = 0; row < size; row++) {
    for (let column = row + 1; column < size; column++) information[row]![column] = information[column]![row]!
  }
  const solved = invertPositiveDefinite(information)
  if (solved === null) return null
  const { inverse, logDeterminant } = solved
  if (firth) {
    logLikelihood += logDeterminant / 2
    for (let index = 0; index < count; index++) {
      const probability = probabilities[index]!
      let leverage = 0
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          leverage += columns[row]![index]! * inverse[row]![column]! * columns[column]![index]!
        }
      }
      leverage *= probability * (1 - probability)
      for (let row = 0; row < size; row++)
        score[row]! += leverage * (0.5 - probability) * columns[row]![index]!
    }
  }
  return { logLikelihood, score, information, inverse }
}

/** Information⁻¹ over the columns that are not held, 0 elsewhere. */
function inverseOfFree({ information, inverse }: Evaluation, held: number): number[][] | null {
  if (held < 0) return inverse
  const free = [...information.keys()].filter(column => column !== held)
  const solved = invertPositiveDefinite(free.map(row => free.map(column => information[row]![column]!)))
  if (solved === null) return null
  const whole = information.map(row => row.map(() => 0))
  for (const [row, values] of solved.inverse.entries())
    for (const [column, value] of values.entries()) whole[free[row]!]![free[column]!] = value
  return whole
}

/** The inverse curvature after a step along which the score fell by `fall`; as it was where the likelihood is not concave. */
function learnCurvature(inverse: number[][], step: readonly number[], fall: readonly number[]): number[][] {
  const along = dot(step, fall)
  if (!(along > 1e-12 * Math.sqrt(dot(step, step) * dot(fall, fall)))) return inverse
  const moved = multiply(inverse, fall)
  const scale = (1 + dot(fall, moved) / along) / along
  return inverse.map((row, i) =>
    row.map(
      (value, j) =>
        value + scale * step[i]! * step[j]! - (moved[i]! * step[j]! + step[i]! * moved[j]!) / along,
    ),
  )
}

function dot(first: readonly number[], second: readonly number[]): number {
  return first.reduce((sum, value, index) => sum + value * second[index]!, 0)
}

function multiply(matrix: readonly (readonly number[])[], vector: readonly number[]): number[] {
  return matrix.map(row => dot(row, vector))
}

function finish(coefficients: number[], { logLikelihood, inverse }: Evaluation): LogisticFit {
  return { coefficients, covariance: inverse, logLikelihood }
}
