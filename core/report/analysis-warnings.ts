import { formatProbability } from '../format-number.ts'
import { gradingWarning } from '../grade/grading-rules.ts'
import type { Study, StudyStatistics } from '../study/analysis.ts'
import type { CorrectnessRegression } from '../study/correctness-regression.ts'
import { partWarning } from '../study/coverage.ts'
import type { Overrun, RunFindings } from '../study/findings.ts'
import { hasSeveralAnswers, leastToStandForOthers } from '../study/preferred-intervals.ts'
import { isUndefined, orNull, type Statistic } from '../study/undefined.ts'
import { because, inWords, undefinedWarnings } from './undefined-warnings.ts'
import { percent } from './words.ts'

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
export function analysisWarnings(study: Study): string[] {
  const { coverage, grading, tokens, errorKinds } = study
  const ofFindings = tokens && errorKinds ? findingsWarnings({ tokens, errorKinds }) : []
  return [
    partWarning(coverage),
    grading && gradingWarning(grading),
    ...statisticsWarnings(study),
    ...ofFindings,
  ].filter(warning => typeof warning === 'string')
}

function statisticsWarnings(study: Study): string[] {
  if (study.total === 0) return ['There are no samples, so every share, mean and statistic is undefined.']
  return [
    ...singleClassWarnings(study),
    ...qualityWarnings(study, study.overrun),
    ...sizeWarnings(study),
    ...lengthWarnings(study),
    ...clusterWarnings(study),
    ...calibrationWarnings(study),
    ...(study.completedOnly.total < study.total ? completedWarnings(study) : []),
    ...undefinedWarnings(study),
  ]
}

function singleClassWarnings({ entropyNats: { correct, incorrect } }: StudyStatistics): string[] {
  const answers = correct.n + incorrect.n
  if (answers === 0) return ['No sample has a mean entropy, so every statistic of entropy is undefined.']
  if (correct.n > 0 && incorrect.n > 0) return []
  return [
    `All ${count(answers, 'answer')} with entropy ${answers === 1 ? 'is' : 'are'} ${correct.n === 0 ? 'incorrect' : 'correct'}: with one class there is no difference, effect size, correlation, Mann–Whitney test, AUROC, PRR, regression, power or calibration${incorrect.n === 0 ? ', and without an incorrect answer no AUPRC' : ''}; all of these are undefined.`,
  ]
}

function qualityWarnings(study: StudyStatistics, overrun: Overrun | undefined): string[] {
  const { total, errors, capHitRate, extractionFailureRate, entropyNats } = study
  const warnings: string[] = []
  const isOften = (share: Statistic) => (orNull(share) ?? 0) > greatestFailureShare
  if (isOften(capHitRate))
    warnings.push(
      `${percent(orNull(capHitRate))} of the answers were cut off at the token limit (more than 2 %): "incorrect" partly means "not finished in time". ${adviceOnCut(overrun)}`,
    )
  if (isOften(extractionFailureRate))
    warnings.push(
      `No answer could be read from ${percent(orNull(extractionFailureRate))} of the texts (more than 2 %): "incorrect" partly means "not in the expected form". Look at those texts and at the prompt.`,
    )
  if (errors > 0)
    warnings.push(
      `${count(errors, 'sample')} of ${total} failed; ${errors === 1 ? 'it counts' : 'they count'} as incorrect in the accuracy and ${errors === 1 ? 'is' : 'are'} left out of the entropy statistics.`,
    )
  const withoutEntropy = total - errors - entropyNats.correct.n - entropyNats.incorrect.n
  if (withoutEntropy > 0)
    warnings.push(
      `${count(withoutEntropy, 'sample')} of ${total} ${withoutEntropy === 1 ? 'has' : 'have'} no finite mean entropy and ${withoutEntropy === 1 ? 'is' : 'are'} left out of the entropy statistics.`,
    )
  return warnings
}

/** What to do about answers that the limit cut. */
export function adviceOnCut(overrun: Overrun | undefined): string {
  if (!overrun?.marker) return 'Raise --max-new-tokens, and read completedOnly.'
  const { cut, holding, marker } = overrun
  const flag = `${marker.isToken ? '--stop-token' : '--stop'} '${marker.text}'`
  return (
    `But ${holding} of these ${cut} hold ${marker.text}, with which a turn ends: there the model had finished, and ran on. ` +
    `Answer again with ${flag}${holding < cut ? ', raise --max-new-tokens for the others,' : ''} and read completedOnly.`
  )
}

function sizeWarnings({ entropyNats, spearman, power }: StudyStatistics): string[] {
  const { correct, incorrect } = entropyNats
  if (correct.n === 0 || incorrect.n === 0) return []
  const warnings: string[] = []
  for (const [name, group] of Object.entries({ correct, incorrect })) {
    // Answers to one problem say little more than one of them.
    if (group.problems >= leastOfAClass) continue
    const bound = spearman.largestPossible
    // Correlations shrink with an uneven split however well entropy separates the classes.
    const bounded =
      !isUndefined(bound) && bound < 0.6
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
  if (target && !isUndefined(target.power) && target.power < leastPower) {
    const detectable = isUndefined(power.detectableAuroc80)
      ? 'not even a perfect score would be found with 80 % power'
      : `only an AUROC of ${power.detectableAuroc80.toFixed(2)} or more is found with 80 % power`
    warnings.push(
      `Power is below 80 %: an AUROC of ${powerTarget} would be found with a chance of ${percent(target.power)} (${detectable}), so an interval that holds 0.5 does not mean that there is no effect. At this share of errors ${orNull(target.samplesNeeded)} answers are needed.`,
    )
  }
  return warnings
}

function lengthWarnings(study: StudyStatistics): string[] {
  const { entropyLengthRho, lengthAuroc, lengthAurocP } = study.lengthConfounding
  if (isUndefined(entropyLengthRho) || isUndefined(lengthAuroc) || isUndefined(lengthAurocP)) return []
  if (Math.abs(entropyLengthRho) < leastLengthRho || lengthAurocP > greatestLengthP) return []
  const adjusted = study.strata.lengthAdjustedAuroc
  const { logisticRegression: regression, auroc } = study
  const pairs = study.strata.length.reduce((sum, { correct, incorrect }) => sum + correct * incorrect, 0)
  const remains =
    isUndefined(adjusted) || isUndefined(auroc.value)
      ? ''
      : ` Among answers of like length the AUROC of entropy is ${adjusted.toFixed(3)} (${count(pairs, 'pair')} of a right and a wrong answer) instead of ${auroc.value.toFixed(3)}.`
  const beyond = isUndefined(regression) ? '' : ` ${sentenceBeyond(regression, hasSeveralAnswers(study))}`
  return [
    `Length may be the cause: entropy goes with it (Spearman ${entropyLengthRho.toFixed(2)}), and length alone predicts errors with an AUROC of ${lengthAuroc.toFixed(3)}.${remains}${beyond}`,
  ]
}

/** What entropy says beyond the other terms; where answers are not independent, too small a p shows nothing. */
function sentenceBeyond({ terms, likelihoodRatio }: CorrectnessRegression, isClustered: boolean): string {
  const others = terms.some(({ name }) => name.startsWith('level ')) ? 'length and level' : 'length'
  const found = `likelihood-ratio p = ${formatProbability(likelihoodRatio.p)}`
  if (likelihoodRatio.p >= 0.05)
    return `Beyond ${others}, entropy says nothing that this run could show (${found}).`
  return isClustered
    ? `Whether entropy says something beyond ${others} is not shown: ${found} takes the answers to a problem as independent.`
    : `Beyond ${others}, entropy still says something (${found}).`
}

function clusterWarnings(study: StudyStatistics): string[] {
  const { withinProblem, problems, total } = study
  if (withinProblem === null) return []
  return [
    `There are ${total} answers to ${problems} problems, and answers to one problem are not independent: read aurocBootstrap, accuracyClustered and withinProblem; the intervals of DeLong and Wilson, the p-values except the permutation's, the regression, the power and the calibration error of perfect probabilities take the answers as independent and are too sure.`,
    ...withinProblemWarnings(study),
  ]
}

function withinProblemWarnings({ withinProblem }: StudyStatistics): string[] {
  if (withinProblem === null) return []
  const { auroc, low } = withinProblem
  return isUndefined(auroc)
    ? because('AUROC within problems is undefined, because', auroc)
    : because('The interval of the AUROC within problems is undefined, because', low)
}

function calibrationWarnings(study: StudyStatistics): string[] {
  const { entropyNats, calibration } = study
  // With one class, the warning about the classes has said so.
  if (entropyNats.correct.n === 0 || entropyNats.incorrect.n === 0) return []
  if (isUndefined(calibration))
    return [
      `Calibration is undefined: ${inWords(calibration.undefined)}, so no probability of being right can be fitted and judged. Nothing can be said about whether the model is well calibrated.`,
    ]
  const warnings = because("Platt's calibration is undefined, because", calibration.platt)
  for (const name of ['platt', 'isotonic'] as const) {
    const slope = orNull(calibration[name])?.slope
    warnings.push(...because(`Slope and intercept of the ${name} calibration are undefined, because`, slope))
  }
  const { preferred } = calibration
  const error = orNull(calibration[preferred])?.expectedCalibrationError
  if (error && error.value > error.quantile95IfCalibrated) {
    const other = preferred === 'platt' ? 'isotonic' : 'platt'
    const otherError = orNull(calibration[other])?.expectedCalibrationError
    const beside = otherError
      ? `; the ${other} fit has ${otherError.value.toFixed(3)} where ${otherError.expectedIfCalibrated.toFixed(3)} would be expected`
      : ''
    warnings.push(
      `The ${preferred} fit of entropy to a probability of being right is off by more than chance explains${hasSeveralAnswers(study) ? ' if answers were independent' : ''}: its calibration error on new problems is ${error.value.toFixed(3)}, where perfect probabilities would show ${error.expectedIfCalibrated.toFixed(3)} with this many answers${beside}.`,
    )
  }
  return warnings
}

/** What differs among the answers that the model ended itself, and why something is undefined there that is not in all. */
function completedWarnings(study: Study): string[] {
  const { completedOnly, auroc } = study
  if (completedOnly.total === 0)
    return ['No answer was completed, so every statistic in completedOnly is undefined.']
  const reasonsOf = (part: StudyStatistics) => [
    ...singleClassWarnings(part),
    ...(part === completedOnly ? sizeWarnings(part) : []),
    ...withinProblemWarnings(part),
    ...undefinedWarnings(part),
    ...calibrationWarnings(part),
  ]
  const known = new Set(reasonsOf(study))
  const among = reasonsOf(completedOnly).filter(warning => !known.has(warning))
  const both =
    !isUndefined(auroc.value) && !isUndefined(completedOnly.auroc.value)
      ? [
          `Among the ${completedOnly.total} completed answers the AUROC of entropy is ${completedOnly.auroc.value.toFixed(3)}; among all ${study.total} it is ${auroc.value.toFixed(3)}.`,
        ]
      : []
  return [...both, ...among.map(warning => `Completed answers only: ${warning}`)]
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

function findingsWarnings({ tokens, errorKinds }: RunFindings): string[] {
  return [...tokenWarnings(tokens), ...errorWarnings(errorKinds)]
}

/** A sentence about some things by name; none where there are none. */
function ofEach(names: readonly (string | number)[], sentence: (names: string) => string): string[] {
  return names.length > 0 ? [sentence(names.join(', '))] : []
}

function tokenWarnings({ tokens, concentration, firstWrongStep, kinds, positions }: RunFindings['tokens']) {
  if (tokens === 0)
    return [
      'No answer has tokens, so the findings on tokens (means, shares, concentration, the threshold of forking tokens) are undefined.',
    ]
  const absent = kinds.filter(({ n }) => n === 0).map(({ kind }) => kind)
  const offsets = firstWrongStep.offsets
    .filter(({ incorrect, correct, correctOfKind }) =>
      [incorrect, correct, correctOfKind].some(({ n }) => n === 0),
    )
    .map(({ offset }) => offset)
  return [
    ...(concentration.some(({ shareOfTokens }) => shareOfTokens === null)
      ? ['No token has any entropy, so shares of entropy and its concentration are undefined.']
      : []),
    ...ofEach(
      absent,
      names => `There are no tokens of the kinds ${names}, so their mean entropy is undefined.`,
    ),
    ...(['correct', 'incorrect'] as const).flatMap(name => {
      const parts = positions
        .filter(position => position[name].n === 0)
        .map(({ from, to }) => `${Math.round(100 * from)}–${Math.round(100 * to)} %`)
      return ofEach(
        parts.length === positions.length ? ['any position'] : parts,
        where =>
          `No ${name} answer has a token at ${where} of its length, so the mean entropy there is undefined.`,
      )
    }),
    ...(firstWrongStep.n === 0
      ? [
          'The first wrong step is known of no incorrect answer, so the entropy before, at and after it is undefined.',
        ]
      : ofEach(
          offsets,
          places =>
            `About the first wrong step an entropy is undefined ${places} tokens from it, where no incorrect answer reaches, or no correct one at that position or with a token of that kind.`,
        )),
  ]
}

function errorWarnings({ n, kinds }: RunFindings['errorKinds']): string[] {
  if (n === 0)
    return [
      'There are no incorrect answers, so shares and mean entropies of the kinds of error are undefined.',
    ]
  const named = (isMeant: (kind: (typeof kinds)[number]) => boolean, sentence: (names: string) => string) =>
    ofEach(
      kinds.filter(isMeant).map(({ kind }) => kind),
      sentence,
    )
  return [
    ...named(
      kind => kind.meanEntropyNats === null && kind.n === 0,
      names => `No incorrect answer is of the kinds ${names}, so their mean entropy is undefined.`,
    ),
    ...named(
      kind => kind.meanEntropyNats === null && kind.n > 0,
      names =>
        `No incorrect answer of the kinds ${names} has an entropy, so their mean entropy is undefined.`,
    ),
    ...named(
      ({ examples }) =>
        examples.some(({ step, characterOffset }) => step === null || characterOffset === null),
      names => `Where the error lies is not known of some examples of the kinds ${names}.`,
    ),
  ]
}
