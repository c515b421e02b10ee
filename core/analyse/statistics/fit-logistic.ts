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
    for (let halving = 0; halving < 30; halving++, scale /= 2) {
      tried = coefficients.map((value, column) => value + scale * direction[column]!)
      next = evaluate(columns, outcomes, tried, firth)
      if (next !== null && next.logLikelihood >= state.logLikelihood - 1e-12 * Math.abs(state.logLikelihood))
        break
      next = null
    }
    // No step betters the likelihood: the rest is rounding.
    if (next === null) return largest < 1e-6 ? finish(coefficients, state) : null
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

/** Information⁻¹ · score, over the columns that are not held. */
function newtonStep({ score, information, inverse }: Evaluation, held: number): number[] | null {
  if (held < 0) return multiply(inverse, score)
  const free = [...score.keys()].filter(column => column !== held)
  const solved = invertPositiveDefinite(free.map(row => free.map(column => information[row]![column]!)))
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

function finish(coefficients: number[], { logLikelihood, inverse }: Evaluation): LogisticFit {
  return { coefficients, covariance: inverse, logLikelihood }
}
