import type {
  AnalysisIntervals,
  AnalysisScore,
  AnalysisStatistics,
  AnalysisStratum,
  ScoreComparison,
} from '../study/analysis.ts'
import type { CalibrationIntervals } from '../study/calibration/calibration.ts'
import { mostRegressionLevels } from '../study/correctness-regression.ts'
import { mostMissedResamples, type ResampledInterval } from '../study/statistics/resampling.ts'
import { mostLevels } from '../study/strata.ts'

/** Why each null is one, beyond what the warnings about the samples and the classes say. */
export function undefinedWarnings(analysis: AnalysisStatistics): string[] {
  const { correct, incorrect } = analysis.entropyNats
  const warnings: string[] = []
  for (const [name, group] of [
    ['correct', correct],
    ['incorrect', incorrect],
  ] as const) {
    if (group.n === 0) {
      warnings.push(
        `There is no ${name} answer with entropy, so that class's mean, median and standard deviation are undefined.`,
      )
    }
    if (group.n === 1) {
      warnings.push(
        `There is one ${name} answer with entropy, so that class's standard deviation is undefined.`,
      )
    }
  }
  // Without entropies nothing else is said; with one class, the warning about the classes has said why the rest is undefined.
  if (correct.n + incorrect.n === 0) return warnings
  if (correct.n === 0 || incorrect.n === 0) {
    return [
      ...warnings,
      ...lengthWarnings(analysis),
      ...undefinedScoreWarnings(analysis),
      ...undefinedIntervalWarnings(analysis),
    ]
  }
  return [
    ...warnings,
    ...entropyWarnings(analysis),
    ...lengthWarnings(analysis),
    ...regressionWarnings(analysis),
    ...strataWarnings(analysis),
    ...undefinedScoreWarnings(analysis),
    ...undefinedIntervalWarnings(analysis),
  ]
}

function entropyWarnings(analysis: AnalysisStatistics): string[] {
  const { correct, incorrect, hedgesG } = analysis.entropyNats
  const warnings: string[] = []
  if (hedgesG === null) {
    warnings.push(
      correct.n + incorrect.n < 4
        ? "Hedges' g is undefined with fewer than four samples."
        : "Hedges' g is undefined because entropy does not vary within either class.",
    )
  }
  if (analysis.pearson.r === null) {
    warnings.push(
      'The correlations and the regression are undefined because every sample has the same mean entropy.',
    )
  }
  if (analysis.power.detectableAuroc80 === null) {
    warnings.push(
      'The AUROC that is detectable with 80 % power is undefined: with these classes not even an AUROC of 1 is.',
    )
  }
  return warnings
}

function lengthWarnings({ lengthConfounding, strata, entropyNats }: AnalysisStatistics): string[] {
  if (lengthConfounding.entropyLengthRho !== null) return []
  const answers = entropyNats.correct.n + entropyNats.incorrect.n
  const reason =
    answers === 1
      ? 'there is one answer'
      : strata.length.length === 1
        ? 'every answer has the same length'
        : 'every answer has the same mean entropy'
  return [`The correlation of entropy and length is undefined because ${reason}.`]
}

function regressionWarnings(analysis: AnalysisStatistics): string[] {
  const { logisticRegression, pearson, entropyNats } = analysis
  if (logisticRegression === null) {
    if (pearson.r === null) return []
    const answers = entropyNats.correct.n + entropyNats.incorrect.n
    const terms = termsOfRegression(analysis)
    return [
      `The regression of correctness is undefined because ${answers < terms ? `${answers} answers are too few for ${terms} terms` : 'its terms (entropy, length and level) follow from each other in these answers'}.`,
    ]
  }
  return logisticRegression.firth
    ? [
        "A term of the regression of correctness separates right from wrong answers, so its coefficients are Firth's, drawn towards 0; go by the likelihood ratio rather than by their intervals.",
      ]
    : []
}

/** Intercept and entropy, length where it varies, and the levels but the first. */
function termsOfRegression({ strata }: AnalysisStatistics): number {
  const lengths = strata.length.length > 1 ? 1 : 0
  const levels = strata.level.length <= mostRegressionLevels ? Math.max(0, strata.level.length - 1) : 0
  return 2 + lengths + levels
}

function strataWarnings({ strata, logisticRegression }: AnalysisStatistics): string[] {
  const warnings = stratumWarnings([...strata.length, ...strata.level])
  if (strata.lengthAdjustedAuroc === null) {
    warnings.push(
      'The AUROC adjusted for length is undefined, because no stratum of length has both right and wrong answers.',
    )
  }
  if (strata.level.length === 0) {
    const reason =
      strata.levels === 0
        ? 'the data set names no levels'
        : `the data set has more than ${mostLevels} levels (${strata.levels})`
    warnings.push(
      `There are no statistics by level (the level-adjusted AUROC is undefined), because ${reason}.`,
    )
  } else if (strata.levelAdjustedAuroc === null) {
    warnings.push(
      'The AUROC adjusted for level is undefined, because no level has both right and wrong answers.',
    )
  }
  if (logisticRegression && strata.level.length > mostRegressionLevels) {
    warnings.push(
      `The regression of correctness leaves levels out, because there are more than ${mostRegressionLevels}.`,
    )
  }
  return warnings
}

/** One sentence for all strata that lack a number for the same reason. */
function stratumWarnings(strata: readonly AnalysisStratum[]): string[] {
  const labels = new Map<string, string[]>()
  for (const stratum of strata) {
    const reason = reasonOfStratum(stratum)
    if (reason !== null) labels.set(reason, [...(labels.get(reason) ?? []), stratum.label])
  }
  return [...labels].map(
    ([reason, of]) => `Within ${of.length === 1 ? 'a stratum' : 'strata'} (${of.join('; ')}) ${reason}.`,
  )
}

function reasonOfStratum({ correct, incorrect, auroc, low }: AnalysisStratum): string | null {
  if (auroc === null)
    return `the AUROC is undefined, because all answers are ${correct === 0 ? 'incorrect' : 'correct'}`
  if (low !== null) return null
  const because =
    Math.min(correct, incorrect) === 1
      ? 'a class has a single answer'
      : auroc === 0 || auroc === 1
        ? 'entropy separates the classes perfectly'
        : 'every answer of a class beats the same share of the other class'
  return `the interval of the AUROC is undefined, because ${because}`
}

/** Why numbers of scores, and of comparisons of scores, are undefined: one sentence for all that share a reason. */
export function undefinedScoreWarnings(analysis: AnalysisStatistics): string[] {
  const { scoreComparisons, aurocBootstrap, entropyNats } = analysis
  const scores = Object.entries(analysis.scores)
  const ofScores = scores.map(([name, score]) => ({
    name,
    missing: missingOfScore(score, aurocBootstrap.problems),
    all: 'Every score',
    alike: scores.length,
  }))
  // With one class, the warning about the classes has said the rest but for the intervals of what is defined.
  if (entropyNats.correct.n === 0 || entropyNats.incorrect.n === 0)
    return gatherUndefined(
      ofScores.map(({ name, missing, ...of }) => {
        const score = analysis.scores[name]!
        return { ...of, name, missing: score.n === 0 ? missing : missingIntervals(score) }
      }),
    )
  const ofComparisons = scoreComparisons.map(compared => ({
    name: compared.score,
    missing: missingOfComparison(compared, analysis),
    all: 'Every other score',
    alike: scoreComparisons.filter(({ against }) => against === compared.against).length,
  }))
  return [...gatherUndefined(ofScores), ...gatherUndefined(ofComparisons)]
}

function missingOfScore(score: AnalysisScore, problems: number): Undefined[] {
  if (score.n === 0) return [{ what: 'every statistic', reason: 'no answer has the score' }]
  if (score.auroc === null) {
    const what = `AUROC with its intervals and p, PRR, Kendall's τ${score.auprc === null ? ', AUPRC' : ''}`
    return [{ what, reason: oneClass(score) }, ...missingIntervals(score)]
  }
  const missing = missingIntervals(score)
  const constant = score.kendallTau === null
  if (constant) missing.push({ what: "Kendall's τ", reason: 'every answer has the same value' })
  if (score.aurocLow === null) {
    missing.push({ what: "DeLong's interval of the AUROC", reason: reasonOfInterval(score, constant) })
  }
  if (score.bootstrapLow === null) {
    missing.push({
      what: 'bootstrap interval of the AUROC',
      reason: reasonOfBootstrap(score, constant, problems),
    })
  }
  return missing
}

function missingIntervals({ intervals }: AnalysisScore): Undefined[] {
  return (['auprc', 'prr', 'aurc', 'augrc'] as const).flatMap(name => {
    const interval = intervals[name]
    return interval?.low === null
      ? [{ what: `interval of the ${name.toUpperCase()}`, reason: interval.reason }]
      : []
  })
}

/** Why DeLong's variance says nothing of an AUROC, whose classes have an answer each. */
function reasonOfInterval(score: AnalysisScore, constant: boolean): string {
  if (Math.min(score.correct, score.incorrect) === 1) return 'a class has a single answer'
  if (score.auroc === 0 || score.auroc === 1) return 'the score separates the classes perfectly'
  return constant
    ? 'every answer has the same value'
    : 'every answer of a class beats the same share of the other class'
}

function reasonOfBootstrap(score: AnalysisScore, constant: boolean, problems: number): string {
  if (problems < 2) return 'there is a single problem'
  if (constant) return 'every answer has the same value'
  if (score.auroc === 0 || score.auroc === 1) return 'the score separates the classes perfectly'
  return score.missedResamples > mostMissedResamples
    ? `${percent(score.missedResamples)} of the resamples hold no answer of a class that has the score`
    : 'every resample has the same AUROC'
}

function missingOfComparison(compared: ScoreComparison, analysis: AnalysisStatistics): Undefined[] {
  const { scores, aurocBootstrap } = analysis
  const difference = `difference of AUROC from ${compared.against}`
  if (compared.difference === null) {
    const reason = compared.n === 0 ? 'no answer has both scores' : oneClass(compared)
    return [{ what: `${difference} with its intervals and p`, reason }]
  }
  const missing: Undefined[] = []
  if (compared.p === null) {
    const reason =
      Math.min(compared.correct, compared.incorrect) === 1
        ? 'a class has a single answer'
        : 'in either score every answer of a class beats the same share of the other class'
    missing.push({ what: `DeLong's interval and p of the ${difference}`, reason })
  }
  if (compared.bootstrapLow === null) {
    const both = [scores[compared.score]!, scores[compared.against]!]
    const reason = both.some(({ n }) => n > compared.n)
      ? 'answers that have one of the scores lack the other'
      : aurocBootstrap.problems < 2
        ? 'there is a single problem'
        : `${percent(both[0]!.missedResamples)} of the resamples hold no answer of a class that has the scores`
    missing.push({ what: `bootstrap interval of the ${difference}`, reason })
  }
  return missing
}

function oneClass({ correct }: { correct: number }): string {
  return `all answers that have it are ${correct === 0 ? 'incorrect' : 'correct'}`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

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

/** Numbers that are undefined for one reason. */
export interface Undefined {
  what: string
  reason: string
}

/** A score, or a comparison of it, with what is undefined of it. */
export interface Incomplete {
  name: string
  missing: Undefined[]
  /** What to call all of its like, and how many these are. */
  all: string
  alike: number
}

/** One sentence for all scores that lack the same numbers for the same reason. */
export function gatherUndefined(found: readonly Incomplete[]): string[] {
  const named = groupBy(
    found.flatMap(({ missing, ...of }) => missing.map(undefinedNumber => ({ ...of, ...undefinedNumber }))),
    ({ what, reason }) => `${what}\n${reason}`,
  ).map(same => {
    const { what, reason, all, alike } = same[0]!
    const who = same.length > 1 && same.length === alike ? all : same.map(({ name }) => name).join(', ')
    return { who, what, reason }
  })
  return groupBy(named, ({ who, reason }) => `${who}\n${reason}`).map(same => {
    const { who, reason } = same[0]!
    return `${who}: ${same.map(({ what }) => what).join(', ')} undefined, because ${reason}.`
  })
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return [...groups.values()]
}
