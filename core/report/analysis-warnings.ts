import type { Analysis, AnalysisGroup, AnalysisStatistics } from '../study/analysis.ts'
import { foldCount, leastOfAClassToCalibrate } from '../study/calibration/calibration.ts'
import type { CorrectnessRegression } from '../study/correctness-regression.ts'
import { hasSeveralAnswers, leastToStandForOthers } from '../study/preferred-intervals.ts'
import { adviceOnCut, type Overrun, type RunFindings } from '../study/run-findings.ts'
import { undefinedWarnings } from './undefined-warnings.ts'

/** Fewer of a class than this, and intervals are too wide and correlations too bounded to conclude much. */
const leastOfAClass = 100
/** Above this share, what is graded is partly the token limit or the extraction rather than the model. */
const greatestFailureShare = 0.02
/** The effect that a run should be able to find, and how surely. */
const powerTarget = 0.65
const leastPower = 0.8
/** From these on, length is a rival explanation. */
const leastLengthRho = 0.3
const greatestLengthP = 0.05

/** What a reader must know before believing the numbers, and why each null is one. In plain words; the gravest first. */
export function analysisWarnings(analysis: Omit<Analysis, 'warnings'>, overrun?: Overrun): string[] {
  if (analysis.total === 0) {
    return ['There are no samples, so every share, mean and statistic is undefined.']
  }
  const { completedOnly } = analysis
  const isCut = completedOnly.total < analysis.total
  return [
    ...singleClassWarnings(analysis),
    ...qualityWarnings(analysis, overrun),
    ...sizeWarnings(analysis),
    ...lengthWarnings(analysis),
    ...clusterWarnings(analysis),
    ...calibrationWarnings(analysis),
    ...(isCut ? completedWarnings(analysis) : []),
    ...undefinedWarnings(analysis),
  ]
}

function singleClassWarnings({ entropyNats: { correct, incorrect } }: AnalysisStatistics): string[] {
  const answers = correct.n + incorrect.n
  if (answers === 0) return ['No sample has a mean entropy, so every statistic of entropy is undefined.']
  if (correct.n > 0 && incorrect.n > 0) return []
  return [
    `All ${count(answers, 'answer')} with entropy ${answers === 1 ? 'is' : 'are'} ${correct.n === 0 ? 'incorrect' : 'correct'}: with one class there is no difference, effect size, correlation, Mann–Whitney test, AUROC, PRR, regression, power or calibration${incorrect.n === 0 ? ', and without an incorrect answer no AUPRC' : ''}; all of these are undefined.`,
  ]
}

function qualityWarnings(analysis: AnalysisStatistics, overrun: Overrun | undefined): string[] {
  const { total, errors, capHitRate, extractionFailureRate, entropyNats } = analysis
  const warnings: string[] = []
  if (capHitRate !== null && capHitRate > greatestFailureShare) {
    warnings.push(
      `${percent(capHitRate)} of the answers were cut off at the token limit (more than 2 %): "incorrect" partly means "not finished in time". ${adviceOnCut(overrun)}`,
    )
  }
  if (extractionFailureRate !== null && extractionFailureRate > greatestFailureShare) {
    warnings.push(
      `No answer could be read from ${percent(extractionFailureRate)} of the texts (more than 2 %): "incorrect" partly means "not in the expected form". Look at those texts and at the prompt.`,
    )
  }
  if (errors > 0) {
    warnings.push(
      `${count(errors, 'sample')} of ${total} failed; ${errors === 1 ? 'it counts' : 'they count'} as incorrect in the accuracy and ${errors === 1 ? 'is' : 'are'} left out of the entropy statistics.`,
    )
  }
  const withoutEntropy = total - errors - entropyNats.correct.n - entropyNats.incorrect.n
  if (withoutEntropy > 0) {
    warnings.push(
      `${count(withoutEntropy, 'sample')} of ${total} ${withoutEntropy === 1 ? 'has' : 'have'} no finite mean entropy and ${withoutEntropy === 1 ? 'is' : 'are'} left out of the entropy statistics.`,
    )
  }
  return warnings
}

function sizeWarnings({ entropyNats, spearman, power }: AnalysisStatistics): string[] {
  const { correct, incorrect } = entropyNats
  if (correct.n === 0 || incorrect.n === 0) return []
  const warnings: string[] = []
  for (const [name, group] of [
    ['correct', correct],
    ['incorrect', incorrect],
  ] as const) {
    // Answers to one problem say little more than one of them.
    if (group.problems >= leastOfAClass) continue
    const bound = spearman.largestPossible
    // Correlations shrink with an uneven split however well entropy separates the classes.
    const bounded =
      bound !== null && bound < 0.6
        ? `, and with so uneven a split no |Spearman| above ${bound.toFixed(2)} is possible, even if entropy told right from wrong perfectly`
        : ''
    const intervals =
      group.problems < leastToStandForOthers
        ? 'an interval of the AUROC sees only how these few differ from each other and can be far too narrow'
        : 'intervals are wide'
    warnings.push(
      `Only ${count(group.n, `${name} answer`)}${group.problems < group.n ? ` to ${count(group.problems, 'problem')}` : ''} (fewer than ${leastOfAClass}): ${intervals}, and a small effect would not be seen${bounded}.`,
    )
  }
  const target = power.targets.find(({ auroc }) => auroc === powerTarget)
  if (target && target.power !== null && target.power < leastPower) {
    const detectable =
      power.detectableAuroc80 === null
        ? 'not even a perfect score would be found with 80 % power'
        : `only an AUROC of ${power.detectableAuroc80.toFixed(2)} or more is found with 80 % power`
    warnings.push(
      `Power is below 80 %: an AUROC of ${powerTarget} would be found with a chance of ${percent(target.power)} (${detectable}), so an interval that holds 0.5 does not mean that there is no effect. At this share of errors ${target.samplesNeeded} answers are needed.`,
    )
  }
  return warnings
}

function lengthWarnings(analysis: AnalysisStatistics): string[] {
  const { entropyLengthRho, lengthAuroc, lengthAurocP } = analysis.lengthConfounding
  if (entropyLengthRho === null || lengthAuroc === null || lengthAurocP === null) return []
  if (Math.abs(entropyLengthRho) < leastLengthRho || lengthAurocP > greatestLengthP) return []
  const adjusted = analysis.strata.lengthAdjustedAuroc
  const { logisticRegression: regression, auroc } = analysis
  const pairs = analysis.strata.length.reduce((sum, { correct, incorrect }) => sum + correct * incorrect, 0)
  const remains =
    adjusted === null || auroc.value === null
      ? ''
      : ` Among answers of like length the AUROC of entropy is ${adjusted.toFixed(3)} (${count(pairs, 'pair')} of a right and a wrong answer) instead of ${auroc.value.toFixed(3)}.`
  const beyond = regression ? ` ${sentenceBeyond(regression, hasSeveralAnswers(analysis))}` : ''
  return [
    `Length may be the cause: entropy goes with it (Spearman ${entropyLengthRho.toFixed(2)}), and length alone predicts errors with an AUROC of ${lengthAuroc.toFixed(3)}.${remains}${beyond}`,
  ]
}

/** What entropy says beyond the other terms; where answers are not independent, too small a p shows nothing. */
function sentenceBeyond({ terms, likelihoodRatio }: CorrectnessRegression, isClustered: boolean): string {
  const others = terms.some(({ name }) => name.startsWith('level ')) ? 'length and level' : 'length'
  const found = `likelihood-ratio p = ${probability(likelihoodRatio.p)}`
  if (likelihoodRatio.p >= 0.05)
    return `Beyond ${others}, entropy says nothing that this run could show (${found}).`
  return isClustered
    ? `Whether entropy says something beyond ${others} is not shown: ${found} takes the answers to a problem as independent.`
    : `Beyond ${others}, entropy still says something (${found}).`
}

function clusterWarnings(analysis: AnalysisStatistics): string[] {
  const { withinProblem, problems, total } = analysis
  if (withinProblem === null) return []
  return [
    `There are ${total} answers to ${problems} problems, and answers to one problem are not independent: read aurocBootstrap, accuracyClustered and withinProblem; the intervals of DeLong and Wilson, the p-values except the permutation's, the regression, the power and the calibration error of perfect probabilities take the answers as independent and are too sure.`,
    ...withinProblemWarnings(analysis),
  ]
}

function withinProblemWarnings({ withinProblem }: AnalysisStatistics): string[] {
  if (withinProblem === null) return []
  const warnings: string[] = []
  if (withinProblem.auroc === null) {
    warnings.push(
      'AUROC within problems is undefined, because no problem has both correct and incorrect answers.',
    )
  } else if (withinProblem.low === null) {
    warnings.push(
      `The interval of the AUROC within problems is undefined, because ${withinProblem.problems === 1 ? 'one problem alone has both correct and incorrect answers' : withinProblem.auroc === 0 || withinProblem.auroc === 1 ? 'entropy separates the classes perfectly in every problem' : 'all problems have the same AUROC'}.`,
    )
  }
  return warnings
}

function calibrationWarnings(analysis: AnalysisStatistics): string[] {
  const { entropyNats, calibration } = analysis
  const { correct, incorrect } = entropyNats
  // With one class, the warning about the classes has said so.
  if (correct.n === 0 || incorrect.n === 0) return []
  if (calibration === null) {
    return [
      `Calibration is undefined: ${reasonOfCalibration(correct, incorrect)}, so no probability of being right can be fitted and judged. Nothing can be said about whether the model is well calibrated.`,
    ]
  }
  const warnings: string[] = []
  const fit = calibration[calibration.preferred]
  if (calibration.platt === null) {
    warnings.push(
      "Platt's calibration is undefined, because entropy does not vary among the answers that one of its fits is made from.",
    )
  }
  for (const name of ['platt', 'isotonic'] as const) {
    if (calibration[name] && calibration[name].slope === null) {
      const isOne = calibration[name].reliability.length === 1
      warnings.push(
        `Slope and intercept of the ${name} calibration are undefined, because its predictions ${isOne ? 'are all the same' : 'separate the classes'}.`,
      )
    }
  }
  if (fit) {
    const { value, quantile95IfCalibrated, expectedIfCalibrated } = fit.expectedCalibrationError
    if (value > quantile95IfCalibrated) {
      const other = calibration.preferred === 'platt' ? 'isotonic' : 'platt'
      const otherError = calibration[other]?.expectedCalibrationError
      const beside = otherError
        ? `; the ${other} fit has ${otherError.value.toFixed(3)} where ${otherError.expectedIfCalibrated.toFixed(3)} would be expected`
        : ''
      warnings.push(
        `The ${calibration.preferred} fit of entropy to a probability of being right is off by more than chance explains${hasSeveralAnswers(analysis) ? ' if answers were independent' : ''}: its calibration error on new problems is ${value.toFixed(3)}, where perfect probabilities would show ${expectedIfCalibrated.toFixed(3)} with this many answers${beside}.`,
      )
    }
  }
  return warnings
}

/** What a class lacks for a fit: answers, or problems to part into folds. */
function reasonOfCalibration(correct: AnalysisGroup, incorrect: AnalysisGroup): string {
  const classes = [
    { name: 'correct', ...correct },
    { name: 'incorrect', ...incorrect },
  ]
  const small = classes.find(({ n }) => n < leastOfAClassToCalibrate)
  if (small)
    return `there ${small.n === 1 ? 'is' : 'are'} ${count(small.n, `${small.name} answer`)}, and a fit needs ${leastOfAClassToCalibrate}`
  const narrow = classes.find(({ problems }) => problems < foldCount)
  return `the ${narrow?.name} answers are to ${count(narrow?.problems ?? 0, 'problem')}, and its folds need ${foldCount}`
}

/** What differs among the answers that the model ended itself, and why something is undefined there that is not in all. */
function completedWarnings(analysis: Omit<Analysis, 'warnings'>): string[] {
  const { completedOnly, auroc } = analysis
  if (completedOnly.total === 0) {
    return ['No answer was completed, so every statistic in completedOnly is undefined.']
  }
  const known = new Set([
    ...singleClassWarnings(analysis),
    ...withinProblemWarnings(analysis),
    ...undefinedWarnings(analysis),
    ...calibrationWarnings(analysis),
  ])
  const among = [
    ...singleClassWarnings(completedOnly),
    ...sizeWarnings(completedOnly),
    ...withinProblemWarnings(completedOnly),
    ...undefinedWarnings(completedOnly),
    ...calibrationWarnings(completedOnly),
  ].filter(warning => !known.has(warning))
  const both =
    auroc.value !== null && completedOnly.auroc.value !== null
      ? [
          `Among the ${completedOnly.total} completed answers the AUROC of entropy is ${completedOnly.auroc.value.toFixed(3)}; among all ${analysis.total} it is ${auroc.value.toFixed(3)}.`,
        ]
      : []
  return [...both, ...among.map(warning => `Completed answers only: ${warning}`)]
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function probability(p: number): string {
  return p < 0.001 ? p.toExponential(1) : p.toFixed(3)
}

/** Why numbers of the findings on tokens and errors are undefined. */
export function findingsWarnings({ tokens, errorKinds }: RunFindings): string[] {
  const warnings: string[] = []
  if (tokens.tokens === 0) {
    warnings.push(
      'No answer has tokens, so the findings on tokens (means, shares, concentration, the threshold of forking tokens) are undefined.',
    )
  } else {
    const { concentration, firstWrongStep } = tokens
    if (concentration.some(({ shareOfTokens }) => shareOfTokens === null)) {
      warnings.push('No token has any entropy, so shares of entropy and its concentration are undefined.')
    }
    const kinds = tokens.kinds.filter(({ n }) => n === 0).map(({ kind }) => kind)
    if (kinds.length > 0)
      warnings.push(
        `There are no tokens of the kinds ${kinds.join(', ')}, so their mean entropy is undefined.`,
      )
    for (const name of ['correct', 'incorrect'] as const) {
      const parts = tokens.positions
        .filter(position => position[name].n === 0)
        .map(({ from, to }) => `${Math.round(100 * from)}–${Math.round(100 * to)} %`)
      if (parts.length > 0)
        warnings.push(
          `No ${name} answer has a token at ${parts.length === tokens.positions.length ? 'any position' : parts.join(', ')} of its length, so the mean entropy there is undefined.`,
        )
    }
    if (firstWrongStep.n === 0) {
      warnings.push(
        'The first wrong step is known of no incorrect answer, so the entropy before, at and after it is undefined.',
      )
    } else {
      const offsets = firstWrongStep.offsets
        .filter(({ incorrect, correct, correctOfKind }) =>
          [incorrect, correct, correctOfKind].some(({ n }) => n === 0),
        )
        .map(({ offset }) => offset)
      if (offsets.length > 0)
        warnings.push(
          `About the first wrong step an entropy is undefined ${offsets.join(', ')} tokens from it, where no incorrect answer reaches, or no correct one at that position or with a token of that kind.`,
        )
    }
  }
  if (errorKinds.n === 0) {
    warnings.push(
      'There are no incorrect answers, so shares and mean entropies of the kinds of error are undefined.',
    )
    return warnings
  }
  const without = (isWanted: (n: number) => boolean) =>
    errorKinds.kinds
      .filter(({ n, meanEntropyNats }) => meanEntropyNats === null && isWanted(n))
      .map(({ kind }) => kind)
  const [absent, failed] = [without(n => n === 0), without(n => n > 0)]
  if (absent.length > 0)
    warnings.push(
      `No incorrect answer is of the kinds ${absent.join(', ')}, so their mean entropy is undefined.`,
    )
  if (failed.length > 0)
    warnings.push(
      `No incorrect answer of the kinds ${failed.join(', ')} has an entropy, so their mean entropy is undefined.`,
    )
  const unplaced = errorKinds.kinds
    .filter(({ examples }) =>
      examples.some(({ step, characterOffset }) => step === null || characterOffset === null),
    )
    .map(({ kind }) => kind)
  if (unplaced.length > 0)
    warnings.push(`Where the error lies is not known of some examples of the kinds ${unplaced.join(', ')}.`)
  return warnings
}
