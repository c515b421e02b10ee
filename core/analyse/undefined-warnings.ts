import { mostLevels } from './analyse-strata.ts'
import type { AnalysisStatistics, AnalysisStratum } from './analysis.ts'
import { mostRegressionLevels } from './correctness-regression.ts'
import { undefinedIntervalWarnings } from './undefined-interval-warnings.ts'
import { undefinedScoreWarnings } from './undefined-score-warnings.ts'

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
