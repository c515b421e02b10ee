import type { Selection } from './selection.ts'
import { resampleClusters, weightedAuroc } from './statistics/cluster-bootstrap.ts'

/** Standard errors need some resamples, however large the run. */
const fewestResamples = 200
/** Resamples times answers times scores: about two seconds. */
const mostWork = 4e8

/** As many resamples as asked for, or as a large run affords, at least 200: the intervals need only a standard error. */
export function affordableResamples({ count, scores }: Selection, wanted: number): number {
  const affordable = Math.floor(mostWork / Math.max(1, count * scores.length))
  return Math.min(wanted, Math.max(fewestResamples, affordable))
}

/**
 * How often to resample statistics that cost twice as much as an AUROC and need a standard error alone: half as often, and no more than 200
 * times, which tells it to a twentieth of it (Efron and Tibshirani 1993, 6.4).
 */
export function resamplesForErrors(affordable: number): number {
  return Math.min(fewestResamples, Math.ceil(affordable / 2))
}

/** The AUROC of every score in every resample of the problems; all scores see the same resamples. */
export function bootstrapScores(
  { scores, incorrect, problems }: Selection,
  resamples: number,
  random: () => number,
): Map<string, Float64Array> {
  const aurocs = new Map(scores.map(({ name }) => [name, new Float64Array(resamples)]))
  resampleClusters(problems, resamples, random, (weights, resample) => {
    for (const { name, sorted } of scores)
      aurocs.get(name)![resample] = weightedAuroc(sorted, incorrect, weights)
  })
  return aurocs
}
