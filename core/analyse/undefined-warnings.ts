import { mostLevels } from './analyse-strata.ts'
import type { AnalysisStatistics } from './analysis.ts'
import { mostRegressionLevels } from './correctness-regression.ts'
import type { AnalysisScore } from './score-analysis.ts'
import { mainScore } from './selection.ts'

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
  // With one class, the warning about the classes has said why the rest is undefined.
  if (correct.n === 0 || incorrect.n === 0) return warnings
  return [
    ...warnings,
    ...entropyWarnings(analysis),
    ...regressionWarnings(analysis),
    ...strataWarnings(analysis),
    ...scoreWarnings(analysis),
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
  if (analysis.auroc.low === null) {
    warnings.push(`The interval of the AUROC is undefined because ${missingIntervalReason(analysis)}.`)
  }
  if (analysis.aurocBootstrap.low === null) {
    warnings.push(
      `The bootstrap interval of the AUROC is undefined because ${analysis.problems < 2 ? 'there is a single problem' : 'entropy separates the classes perfectly or not at all, or a class is so small that resamples often miss it'}.`,
    )
  }
  if (analysis.power.detectableAuroc80 === null) {
    warnings.push(
      'The AUROC that is detectable with 80 % power is undefined: with these classes not even an AUROC of 1 is.',
    )
  }
  return warnings
}

function missingIntervalReason({ entropyNats: { correct, incorrect }, auroc }: AnalysisStatistics): string {
  if (correct.n === 1 || incorrect.n === 1) return 'a class has a single answer'
  if (auroc.value === 0 || auroc.value === 1) return 'entropy separates the classes perfectly'
  return 'every answer of a class beats the same share of the other class'
}

function regressionWarnings({ logisticRegression, pearson }: AnalysisStatistics): string[] {
  if (logisticRegression === null) {
    return pearson.r === null
      ? []
      : [
          'The regression of correctness is undefined: there are too few answers for its terms, or entropy follows from length and level.',
        ]
  }
  return logisticRegression.firth
    ? [
        "A term of the regression of correctness separates right from wrong answers, so its coefficients are Firth's, drawn towards 0; go by the likelihood ratio rather than by their intervals.",
      ]
    : []
}

function strataWarnings({ strata, logisticRegression }: AnalysisStatistics): string[] {
  const warnings: string[] = []
  const hasGap = [...strata.length, ...strata.level].some(({ low }) => low === null)
  if (hasGap) {
    warnings.push(
      'In some strata of length or level the AUROC or its interval is undefined: all answers of the stratum are right or all wrong, a class has one answer, or entropy separates them perfectly.',
    )
  }
  if (strata.lengthAdjustedAuroc === null) {
    warnings.push(
      'The AUROC adjusted for length is undefined, because no stratum of length has both right and wrong answers.',
    )
  }
  if (strata.level.length === 0) {
    warnings.push(
      `There are no statistics by level (the level-adjusted AUROC is undefined), because the data set names no levels, or more than ${mostLevels}.`,
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

/** The scores that lack a value although mean entropy, which the other warnings speak of, has it. */
function scoreWarnings({ scores, scoreComparisons }: AnalysisStatistics): string[] {
  const warnings: string[] = []
  const main = scores[mainScore]
  const incomplete = Object.entries(scores)
    .filter(([, score]) =>
      Object.entries(score).some(
        ([field, value]) => value === null && main?.[field as keyof AnalysisScore] !== null,
      ),
    )
    .map(([name]) => name)
  if (incomplete.length > 0) {
    warnings.push(
      `Values are missing for ${incomplete.join(', ')}: too few samples have the score, or it separates the classes perfectly or not at all, where no interval is defined.`,
    )
  }
  if (scoreComparisons.some(comparison => Object.values(comparison).includes(null))) {
    warnings.push(
      'Some comparisons of scores are undefined: a class has a single answer, resamples often miss a class, scores separate the classes perfectly, or one is missing for answers that have the other.',
    )
  }
  return warnings
}
