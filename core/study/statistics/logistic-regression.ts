import type { Clusters } from './clusters.ts'
import { logistic } from './distributions.ts'

/** A logistic regression that converged. */
export interface LogisticFit {
  /** One for each column. */
  coefficients: number[]
  /** Inverse of the Fisher information at the coefficients. */
  covariance: number[][]
  /** Σ y ln p + (1 − y) ln(1 − p), plus Firth's penalty if it was asked for. */
  logLikelihood: number
}

interface LogisticOptions {
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

type Evaluation = NonNullable<ReturnType<typeof evaluate>>

function evaluate(
  columns: readonly Float64Array[],
  outcomes: ArrayLike<number>,
  coefficients: readonly number[],
  firth: boolean,
) {
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
      for (let column = 0; column <= row; column++)
        information[row]![column]! += weight * x * columns[column]![index]!
    }
  }
  for (let row = 0; row < size; row++)
    for (let column = row + 1; column < size; column++) information[row]![column] = information[column]![row]!
  const solved = invertPositiveDefinite(information)
  if (solved === null) return null
  const { inverse, logDeterminant } = solved
  if (firth) {
    logLikelihood += logDeterminant / 2
    for (let index = 0; index < count; index++) {
      const probability = probabilities[index]!
      let leverage = 0
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++)
          leverage += columns[row]![index]! * inverse[row]![column]! * columns[column]![index]!
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

/**
 * Standard errors of a logistic regression's coefficients when samples come in clusters, by the sandwich I⁻¹·C/(C − 1)·Σ_c s_c s_cᵀ·I⁻¹,
 * s_c the summed score of a cluster, C their number (Liang and Zeger 1986). Infinite with fewer than two clusters.
 */
export function clusteredLogisticErrors(
  columns: readonly Float64Array[],
  outcomes: ArrayLike<number>,
  { coefficients, covariance }: LogisticFit,
  clusters: Clusters,
): number[] {
  const scores = columns.map(() => new Float64Array(clusters.count))
  for (let index = 0; index < outcomes.length; index++) {
    let predictor = 0
    for (const [column, values] of columns.entries()) predictor += coefficients[column]! * values[index]!
    const residual = outcomes[index]! - logistic(predictor)
    for (const [column, values] of columns.entries())
      scores[column]![clusters.of[index]!]! += residual * values[index]!
  }
  const correction = clusters.count / (clusters.count - 1)
  return covariance.map(row => {
    let squares = 0
    for (let cluster = 0; cluster < clusters.count; cluster++) {
      let influence = 0
      for (const [column, factor] of row.entries()) influence += factor * scores[column]![cluster]!
      squares += influence ** 2
    }
    return Math.sqrt(correction * squares)
  })
}

/**
 * Inverse and ln of the determinant of a symmetric positive definite matrix (rows of numbers, lower triangle read), by Cholesky's
 * decomposition. Null when it is not positive definite to working precision: a column follows from the others.
 */
function invertPositiveDefinite(matrix: readonly (readonly number[])[]) {
  const size = matrix.length
  const lower = matrix.map(row => row.map(() => 0))
  let logDeterminant = 0
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row]![column]!
      for (let k = 0; k < column; k++) sum -= lower[row]![k]! * lower[column]![k]!
      if (row === column) {
        // What is left of a pivot below this is the rounding of sums over some 100,000 answers.
        if (!(sum > 1e-10 * matrix[row]![row]!)) return null
        lower[row]![row] = Math.sqrt(sum)
        logDeterminant += Math.log(sum)
      } else lower[row]![column] = sum / lower[column]![column]!
    }
  }
  const inverse = matrix.map(row => row.map(() => 0))
  for (let unit = 0; unit < size; unit++) {
    const solved = new Array<number>(size).fill(0)
    for (let row = 0; row < size; row++) {
      let sum = row === unit ? 1 : 0
      for (let k = 0; k < row; k++) sum -= lower[row]![k]! * solved[k]!
      solved[row] = sum / lower[row]![row]!
    }
    for (let row = size - 1; row >= 0; row--) {
      let sum = solved[row]!
      for (let k = row + 1; k < size; k++) sum -= lower[k]![row]! * solved[k]!
      solved[row] = sum / lower[row]![row]!
    }
    for (let row = 0; row < size; row++) inverse[row]![unit] = solved[row]!
  }
  return { inverse, logDeterminant }
}
