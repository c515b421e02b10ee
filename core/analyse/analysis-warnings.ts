import type { Analysis, AnalysisScore } from './analysis.ts'

/** Fewer of a class than this, and intervals are too wide and correlations too bounded to conclude much. */
const leastOfAClass = 100
/** Above this share, what is graded is partly the token limit or the extraction rather than the model. */
const greatestFailureShare = 0.02

/** What a reader must know before believing the numbers, and why each null is one. In plain words; the gravest first. */
export function analysisWarnings(analysis: Omit<Analysis, 'warnings'>, withoutEntropy: number): string[] {
  return [
    ...qualityWarnings(analysis, withoutEntropy),
    ...classWarnings(analysis),
    ...undefinedWarnings(analysis),
    ...scoreWarnings(analysis),
    'Calibration is not computed in this version: how well entropy ranks answers is measured, but no probability of error is derived from it.',
  ]
}

function qualityWarnings(analysis: Omit<Analysis, 'warnings'>, withoutEntropy: number): string[] {
  const { total, errors, capHitRate, extractionFailureRate } = analysis
  if (total === 0) return ['There are no samples, so every share, mean and statistic is undefined.']
  const warnings: string[] = []
  if (errors > 0) {
    warnings.push(
      `${count(errors, 'sample')} of ${total} failed; ${errors === 1 ? 'it counts' : 'they count'} as incorrect in the accuracy and ${errors === 1 ? 'is' : 'are'} left out of the entropy statistics.`,
    )
  }
  if (withoutEntropy > 0) {
    warnings.push(
      `${count(withoutEntropy, 'sample')} of ${total} ${withoutEntropy === 1 ? 'has' : 'have'} no finite mean entropy and ${withoutEntropy === 1 ? 'is' : 'are'} left out of the entropy statistics.`,
    )
  }
  if (capHitRate !== null && capHitRate > greatestFailureShare) {
    warnings.push(
      `${percent(capHitRate)} of the answers were cut off at the token limit (more than 2 %): "incorrect" partly means "not finished in time". Raise --max-new-tokens.`,
    )
  }
  if (extractionFailureRate !== null && extractionFailureRate > greatestFailureShare) {
    warnings.push(
      `No answer could be read from ${percent(extractionFailureRate)} of the texts (more than 2 %): "incorrect" partly means "not in the expected form". Look at those texts and at the prompt.`,
    )
  }
  return warnings
}

function classWarnings(analysis: Omit<Analysis, 'warnings'>): string[] {
  const { correct, incorrect } = analysis.entropyNats
  if (analysis.total === 0) return []
  if (correct.n + incorrect.n === 0) {
    return ['No sample has a mean entropy, so every statistic of entropy is undefined.']
  }
  if (correct.n === 0 || incorrect.n === 0) {
    return [
      `All ${correct.n + incorrect.n} samples with entropy are ${correct.n === 0 ? 'incorrect' : 'correct'}: with one class there is no difference, effect size, correlation, Mann–Whitney test, AUROC or PRR${incorrect.n === 0 ? ', and without an incorrect answer no AUPRC' : ''}.`,
    ]
  }
  const warnings: string[] = []
  for (const [name, group] of [
    ['correct', correct],
    ['incorrect', incorrect],
  ] as const) {
    if (group.n < leastOfAClass) {
      warnings.push(
        `Only ${count(group.n, `${name} answer`)} (fewer than ${leastOfAClass}): intervals are wide, and a small effect would not be seen.`,
      )
    }
  }
  return warnings
}

function undefinedWarnings(analysis: Omit<Analysis, 'warnings'>): string[] {
  const { correct, incorrect, hedgesG } = analysis.entropyNats
  const warnings: string[] = []
  for (const [name, group] of [
    ['correct', correct],
    ['incorrect', incorrect],
  ] as const) {
    if (group.n === 0)
      warnings.push(
        `There is no ${name} answer with entropy, so that class has no mean, median or standard deviation.`,
      )
    if (group.n === 1)
      warnings.push(`There is one ${name} answer with entropy, so that class has no standard deviation.`)
  }
  // With one class, the warning about the classes has said why the rest is undefined.
  if (correct.n === 0 || incorrect.n === 0) return warnings
  if (hedgesG === null) {
    warnings.push(
      correct.n + incorrect.n < 4
        ? "Hedges' g is undefined with fewer than four samples."
        : "Hedges' g is undefined because entropy does not vary within either class.",
    )
  }
  if (analysis.pearson.r === null) {
    warnings.push('The correlations are undefined because every sample has the same mean entropy.')
  }
  if (analysis.auroc.low === null) {
    warnings.push(`The interval of the AUROC is undefined because ${missingIntervalReason(analysis)}.`)
  }
  return warnings
}

function missingIntervalReason(analysis: Omit<Analysis, 'warnings'>): string {
  const { correct, incorrect } = analysis.entropyNats
  if (correct.n === 1 || incorrect.n === 1) return 'a class has a single answer'
  if (analysis.auroc.value === 0 || analysis.auroc.value === 1)
    return 'entropy separates the classes perfectly'
  return 'every answer of a class beats the same share of the other class'
}

/** The scores that lack a value although mean entropy, which the other warnings speak of, has it. */
function scoreWarnings(analysis: Omit<Analysis, 'warnings'>): string[] {
  const incomplete = Object.entries(analysis.scores)
    .filter(([, score]) =>
      Object.entries(score).some(
        ([field, value]) =>
          value === null && analysis.scores['MeanTokenEntropy']?.[field as keyof AnalysisScore] !== null,
      ),
    )
    .map(([name]) => name)
  if (incomplete.length === 0) return []
  return [
    `Values are missing for ${incomplete.join(', ')}: too few samples have the score, or it separates the classes perfectly or not at all, where no interval is defined.`,
  ]
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
