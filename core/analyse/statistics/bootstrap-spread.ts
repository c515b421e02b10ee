import { studentQuantile975 } from './student-quantile.ts'

/** What the resamples of a bootstrap say of a statistic's standard error. */
export interface BootstrapSpread {
  /** Mean of the resampled values. */
  center: number
  standardError: number
  /** Student's quantile for as many degrees of freedom as there are clusters, less one. */
  quantile: number
}

/** With a greater share of resamples that miss a class there is no standard error. */
export const mostMissedResamples = 0.1

/**
 * Standard error from resampled values, √(C/(C − 1)) times their standard deviation, C the number of clusters, since a
 * resample of C clusters varies by that much less. With Student's quantile and the logit scale such an interval covers 95 % with 25
 * clusters, where the percentiles of the resamples cover 92.5 %. Resamples in which the value is undefined (NaN: a class was
 * not drawn) are left out; null when more than a tenth are, or with fewer than two clusters.
 */
export function bootstrapSpread(values: Float64Array, clusterCount: number): BootstrapSpread | null {
  const defined = values.filter(value => !Number.isNaN(value))
  if (
    clusterCount < 2 ||
    defined.length < 2 ||
    values.length - defined.length > mostMissedResamples * values.length
  )
    return null
  let sum = 0
  for (const value of defined) sum += value
  const center = sum / defined.length
  let squares = 0
  for (const value of defined) squares += (value - center) ** 2
  const standardError = Math.sqrt((squares / (defined.length - 1)) * (clusterCount / (clusterCount - 1)))
  return { center, standardError, quantile: studentQuantile975(clusterCount - 1) }
}
