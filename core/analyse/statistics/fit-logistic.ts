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
 * separated, and no step is the last (Albert and Anderson 1984).
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
  for (let step = 0; step < mostSteps && state !== null; step++) {
    const direction = newtonStep(state, heldAtZero)
    if (direction === null) return null
    const largest = Math.max(...direction.map(Math.abs))
    // Firth's steps shrink only linearly, so they end late.
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
    coefficients = tried
    state = next
  }
  return null
}

interface Evaluation {
  logLikelihood: number
  score: number[]
  /** What the score falls by, to first order: the information; with a penalty, that of the answers and their leverages. */
  curvature: number[][]
  /** Inverse of the information. */
  covariance: number[][]
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
  const solved = invertPositiveDefinite(information)
  if (solved === null) return null
  const { inverse: covariance, logDeterminant } = solved
  if (firth) {
    logLikelihood += logDeterminant / 2
    for (let index = 0; index < count; index++) {
      const probability = probabilities[index]!
      let leverage = 0
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          leverage += columns[row]![index]! * covariance[row]![column]! * columns[column]![index]!
        }
      }
      const weight = probability * (1 - probability)
      leverage *= weight
      // As if the answer were there 1 + leverage times, half of the leverage with either outcome.
      for (let row = 0; row < size; row++) {
        const x = columns[row]![index]!
        score[row]! += leverage * (0.5 - probability) * x
        for (let column = 0; column <= row; column++)
          information[row]![column]! += leverage * weight * x * columns[column]![index]!
      }
    }
  }
  return { logLikelihood, score, curvature: information, covariance }
}

/** Curvature⁻¹ · score, over the columns that are not held. */
function newtonStep({ score, curvature }: Evaluation, held: number): number[] | null {
  const free = [...score.keys()].filter(column => column !== held)
  const solved = invertPositiveDefinite(free.map(row => free.map(column => curvature[row]![column]!)))
  if (solved === null) return null
  const step = multiply(
    solved.inverse,
    free.map(column => score[column]!),
  )
  const whole = score.map(() => 0)
  for (const [position, column] of free.entries()) whole[column] = step[position]!
  return whole
}

function multiply(matrix: readonly (readonly number[])[], vector: readonly number[]): number[] {
  return matrix.map(row => row.reduce((sum, value, column) => sum + value * vector[column]!, 0))
}

function finish(coefficients: number[], { logLikelihood, covariance }: Evaluation): LogisticFit {
  return { coefficients, covariance, logLikelihood }
}
