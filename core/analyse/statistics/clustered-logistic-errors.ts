import type { Clusters } from './clusters.ts'
import type { LogisticFit } from './fit-logistic.ts'
import { logistic } from './logistic.ts'

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
