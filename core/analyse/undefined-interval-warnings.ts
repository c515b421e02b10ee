import type { AnalysisIntervals, AnalysisStatistics } from './analysis.ts'
import type { CalibrationIntervals } from './calibration/calibration-intervals.ts'
import type { ResampledInterval } from './statistics/resampled-intervals.ts'

/** What the intervals are of, in words; those of areas are said with every score's. */
const ofEntropy: Partial<Record<keyof AnalysisIntervals, string>> = {
  correctMean: 'the mean of correct answers',
  incorrectMean: 'the mean of incorrect answers',
  difference: 'the difference of means',
  hedgesG: "Hedges' g",
  pearson: "Pearson's r",
  spearman: "Spearman's ρ",
  kendall: "Kendall's τ",
  entropyLengthRho: 'the correlation of entropy and length',
  lengthAdjustedAuroc: 'the AUROC adjusted for length',
  levelAdjustedAuroc: 'the AUROC adjusted for level',
}

const ofCalibration: Record<keyof CalibrationIntervals, string> = {
  brier: 'Brier score',
  brierSkill: 'Brier skill',
  logLoss: 'log loss',
  expectedCalibrationError: 'ECE',
  slope: 'slope',
  intercept: 'intercept',
}

/** Why intervals of numbers that are defined are not: one sentence for all that share a reason. */
export function undefinedIntervalWarnings({ intervals, calibration }: AnalysisStatistics): string[] {
  const named = <Name extends string>(
    found: Partial<Record<Name, ResampledInterval | null>>,
    names: Partial<Record<Name, string>>,
    suffix = '',
  ) =>
    (Object.keys(names) as Name[]).map(name => ({
      name: `${names[name]}${suffix}`,
      interval: found[name] ?? null,
    }))
  const all = [
    ...named(intervals, ofEntropy),
    ...(['platt', 'isotonic'] as const).flatMap(method =>
      named(calibration?.[method]?.intervals ?? {}, ofCalibration, ` (${method})`),
    ),
  ]
  const byReason = new Map<string, string[]>()
  for (const { name, interval } of all)
    if (interval?.low === null)
      byReason.set(interval.reason, [...(byReason.get(interval.reason) ?? []), name])
  return [...byReason].map(
    ([reason, names]) =>
      `${names.length === 1 ? 'The interval' : 'The intervals'} of ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} undefined, because ${reason}.`,
  )
}
