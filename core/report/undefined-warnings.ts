import { formatCount } from '../format-number.ts'
import type { StudyStatistics } from '../study/analysis.ts'
import type { CalibrationFit } from '../study/calibration/calibration.ts'
import { mostRegressionLevels } from '../study/correctness-regression.ts'
import type { EntropyStatisticName } from '../study/entropy-statistics.ts'
import type { PairedRuns } from '../study/paired-runs.ts'
import type { AnalysisScore, AreaName, ScoreDifference } from '../study/score-statistics.ts'
import type { ResampledInterval } from '../study/statistics/resampling.ts'
import type { AnalysisStratum } from '../study/strata.ts'
import { type ColumnName, isUndefined, partOf, type Reason } from '../study/undefined.ts'
import { percent } from './words.ts'

type Code = Reason['because']
type Words = { [C in Code]: (reason: Extract<Reason, { because: C }>) => string }

/** Every reason in words that go on from "because". What a number is of may have words of its own, in the tables below. */
const words: Words = {
  'no-answers': () => 'there is no answer',
  'too-few': ({ n, least }) => (n === 1 ? 'there is one answer' : `${n} answers are fewer than ${least}`),
  'one-class': ({ marked }) => `all answers are ${marked ? 'incorrect' : 'correct'}`,
  'single-member': () => 'a class has a single answer',
  constant: () => 'every answer has the same value',
  'constant-in-classes': () => 'entropy does not vary within either class',
  separated: () => 'the score separates the classes perfectly',
  'same-share': () => 'every answer of a class beats the same share of the other class',
  'out-of-reach': () => 'with these classes not even an AUROC of 1 is',
  'single-cluster': () => 'a single problem is too few to tell how it varies',
  'missed-resamples': ({ share }) => `it is undefined in ${percent(share)} of the resamples`,
  'alike-resamples': () => 'every resample has the same value',
  'end-of-range': () => 'it is at the end of its range',
  'other-answers': () => 'answers that have one of the scores lack the other',
  'no-mixed-stratum': () => 'no problem has both correct and incorrect answers',
  'one-mixed-stratum': () => 'one problem alone has both correct and incorrect answers',
  'separated-strata': () => 'entropy separates the classes perfectly in every problem',
  'alike-strata': () => 'all problems have the same AUROC',
  'no-levels': () => 'the data set names no levels',
  'many-levels': ({ levels, most }) => `the data set has more than ${most} levels (${levels})`,
  'few-for-terms': ({ answers, terms }) => `${answers} answers are too few for ${terms} terms`,
  'dependent-terms': () => 'its terms (entropy, length and level) follow from each other in these answers',
  'small-class': ({ correct, answers, least }) =>
    `there ${answers === 1 ? 'is' : 'are'} ${formatCount(answers, `${nameOf(correct)} answer`)}, and a fit needs ${least}`,
  'narrow-class': ({ correct, problems, least }) =>
    `the ${nameOf(correct)} answers are to ${formatCount(problems, 'problem')}, and its folds need ${least}`,
  'constant-in-fold': () => 'entropy does not vary among the answers that one of its fits is made from',
  'constant-predictions': () => 'its predictions are all the same',
  'separating-predictions': () => 'its predictions separate the classes',
}

const ofAuroc: Partial<Words> = {
  'single-cluster': () => 'there is a single problem',
  'alike-resamples': () => 'every resample has the same AUROC',
  'missed-resamples': ({ share }) =>
    `${percent(share)} of the resamples hold no answer of a class that has the score`,
}
const ofScore: Partial<Words> = {
  ...ofAuroc,
  'no-answers': () => 'no answer has the score',
  'one-class': ({ marked }) => `all answers that have it are ${marked ? 'incorrect' : 'correct'}`,
}
const ofDifference: Partial<Words> = {
  ...ofScore,
  'no-answers': () => 'no answer has both scores',
  'same-share': () => 'in either score every answer of a class beats the same share of the other class',
  'missed-resamples': ({ share }) =>
    `${percent(share)} of the resamples hold no answer of a class that has the scores`,
}
const ofRuns: Partial<Words> = {
  ...ofAuroc,
  'no-answers': () => 'no answer has the score in both runs',
  'one-class': ({ of }) => `the answers that have the score in both are of one class in ${runsOf(of)}`,
  'single-member': ({ of }) => `a class has a single answer in ${runsOf(of)}`,
  'same-share': () => 'in both runs every answer of a class beats the same share of the other class',
}
const ofStratum: Partial<Words> = {
  separated: () => 'entropy separates the classes perfectly',
  constant: () => 'every answer of a class beats the same share of the other class',
}
const ofLength: Partial<Words> = {
  constant: ({ column }) => `every answer has the same ${column === 'first' ? 'mean entropy' : 'length'}`,
}

/** The names of areas, as in the head of a table. */
export const areaWords: Record<AreaName, string> = {
  auprc: 'AUPRC',
  prr: 'PRR',
  aurc: 'AURC',
  augrc: 'AUGRC',
}

/** What the statistics of mean entropy are called where their intervals are undefined. */
export const entropyWords: Record<EntropyStatisticName, string> = {
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

/** The same of a calibration's numbers. */
export const calibrationWords: Record<keyof CalibrationFit['intervals'], string> = {
  brier: 'Brier score',
  brierSkill: 'Brier skill',
  logLoss: 'log loss',
  expectedCalibrationError: 'ECE',
  slope: 'slope',
  intercept: 'intercept',
}

/** A reason in words, those of `special` before the general ones. */
export function inWords(reason: Reason, special: Partial<Words> = {}): string {
  const { because } = reason
  return ((special[because] ?? words[because]) as (reason: Reason) => string)(reason)
}

/** Why each null of the statistics is one, beyond what the warnings about the samples and the classes say. */
export function undefinedWarnings(study: StudyStatistics): string[] {
  const { correct, incorrect } = study.entropyNats
  const ofGroups = Object.entries({ correct, incorrect }).flatMap(([name, { mean, sd }]) => {
    if (isUndefined(mean))
      return [
        `There is no ${name} answer with entropy, so that class's mean, median and standard deviation are undefined.`,
      ]
    if (isUndefined(sd))
      return [`There is one ${name} answer with entropy, so that class's standard deviation is undefined.`]
    return []
  })
  // Without entropies nothing else is said; with one class, the warning about the classes has said why most is undefined.
  if (correct.n + incorrect.n === 0) return ofGroups
  const hasBoth = correct.n > 0 && incorrect.n > 0
  return [
    ...ofGroups,
    ...(hasBoth ? entropyWarnings(study) : []),
    ...because(
      'The correlation of entropy and length is undefined because',
      study.lengthConfounding.entropyLengthRho,
      ofLength,
    ),
    ...(hasBoth ? [...regressionWarnings(study), ...strataWarnings(study)] : []),
    ...gatherUndefined(scoresOf(study, hasBoth)),
    ...(hasBoth ? gatherUndefined(differencesOf(study)) : []),
    ...intervalWarnings(study),
  ]
}

/** The sentence that says why a value is undefined; none of one that is defined. */
export function because(beginning: string, value: unknown, special?: Partial<Words>): string[] {
  return isUndefined(value) ? [`${beginning} ${inWords(value.undefined, special)}.`] : []
}

function entropyWarnings({ entropyNats: { hedgesG }, pearson, power }: StudyStatistics): string[] {
  return [
    ...(isUndefined(hedgesG) && hedgesG.undefined.because === 'too-few'
      ? ["Hedges' g is undefined with fewer than four samples."]
      : because("Hedges' g is undefined because", hedgesG)),
    ...(isUndefined(pearson.r)
      ? ['The correlations and the regression are undefined because every sample has the same mean entropy.']
      : []),
    ...because('The AUROC that is detectable with 80 % power is undefined:', power.detectableAuroc80),
  ]
}

function regressionWarnings({ logisticRegression: fit }: StudyStatistics): string[] {
  // Where entropy is constant, the correlations have said so.
  if (isUndefined(fit))
    return fit.undefined.because === 'constant'
      ? []
      : because('The regression of correctness is undefined because', fit)
  return fit.firth
    ? [
        "A term of the regression of correctness separates right from wrong answers, so its coefficients are Firth's, drawn towards 0; go by the likelihood ratio rather than by their intervals.",
      ]
    : []
}

function strataWarnings({ strata, logisticRegression }: StudyStatistics): string[] {
  const { length, level, lengthAdjustedAuroc, levelAdjustedAuroc } = strata
  const unmixed = (kind: string): Partial<Words> => ({
    'no-mixed-stratum': () => `no ${kind} has both right and wrong answers`,
  })
  return [
    ...stratumWarnings([...length, ...level]),
    ...because(
      'The AUROC adjusted for length is undefined, because',
      lengthAdjustedAuroc,
      unmixed('stratum of length'),
    ),
    ...because(
      level.length === 0
        ? 'There are no statistics by level (the level-adjusted AUROC is undefined), because'
        : 'The AUROC adjusted for level is undefined, because',
      levelAdjustedAuroc,
      unmixed('level'),
    ),
    ...(!isUndefined(logisticRegression) && level.length > mostRegressionLevels
      ? [
          `The regression of correctness leaves levels out, because there are more than ${mostRegressionLevels}.`,
        ]
      : []),
  ]
}

/** One sentence for all strata that lack a number for the same reason. */
function stratumWarnings(strata: readonly AnalysisStratum[]): string[] {
  const lacking = strata.flatMap(({ label, auroc, low }) => {
    const what = isUndefined(auroc) ? 'the AUROC' : 'the interval of the AUROC'
    const lack = because(`${what} is undefined, because`, isUndefined(auroc) ? auroc : low, ofStratum)
    return lack.map(sentence => ({ label, sentence }))
  })
  return groupBy(lacking, ({ sentence }) => sentence).map(
    same =>
      `Within ${same.length === 1 ? 'a stratum' : 'strata'} (${same.map(({ label }) => label).join('; ')}) ${same[0]!.sentence}`,
  )
}

/** Why intervals of numbers that are defined are not: one sentence for all that share a reason. */
function intervalWarnings({ intervals, calibration }: StudyStatistics): string[] {
  const fits = (['platt', 'isotonic'] as const).flatMap(method => {
    const fit = partOf(calibration, method)
    return isUndefined(fit)
      ? []
      : missingIntervals(fit.intervals, calibrationWords, name => `${name} (${method})`)
  })
  const all = [...missingIntervals(intervals, entropyWords), ...fits]
  return groupBy(all, ({ reason }) => reason).map(same => {
    const isOne = same.length === 1
    return `The ${isOne ? 'interval' : 'intervals'} of ${same.map(({ what }) => what).join(', ')} ${isOne ? 'is' : 'are'} undefined, because ${same[0]!.reason}.`
  })
}

interface Missing {
  what: string
  reason: string
}

/** A score, or a difference of it, with what is undefined of it. */
interface Incomplete {
  name: string
  missing: Missing[]
  /** What to call all of its like, and how many these are. */
  all: string
  alike: number
}

function missingOf(numbers: Record<string, unknown>, special: Partial<Words>): Missing[] {
  return Object.entries(numbers).flatMap(([what, value]) =>
    isUndefined(value) ? [{ what, reason: inWords(value.undefined, special) }] : [],
  )
}

function missingIntervals<Name extends string>(
  intervals: Record<Name, ResampledInterval>,
  names: Record<Name, string>,
  call: (name: string) => string = name => name,
): Missing[] {
  return (Object.keys(names) as Name[]).flatMap(name => {
    const interval = intervals[name]
    return 'reason' in interval ? [{ what: call(names[name]), reason: inWords(interval.reason) }] : []
  })
}

function scoresOf({ scores }: StudyStatistics, hasBothClasses: boolean): Incomplete[] {
  return Object.entries(scores).map(([name, score], _, { length }) => ({
    name,
    missing: missingOfScore(score, hasBothClasses),
    all: 'Every score',
    alike: length,
  }))
}

function missingOfScore(score: AnalysisScore, hasBothClasses: boolean): Missing[] {
  if (score.n === 0) return missingOf({ 'every statistic': score.auroc }, ofScore)
  const intervals = missingIntervals(score.intervals, areaWords, name => `interval of the ${name}`)
  if (!hasBothClasses) return intervals
  const { auroc, aurocLow, bootstrapLow } = score
  const { AUPRC, ...areas } = Object.fromEntries(
    (Object.keys(areaWords) as AreaName[]).map(name => [areaWords[name], score[name]]),
  )
  const tau = { "Kendall's τ": score.kendallTau }
  if (isUndefined(auroc))
    return [
      ...missingOf({ 'AUROC with its intervals and p': auroc, ...areas, ...tau, AUPRC }, ofScore),
      ...intervals,
    ]
  const ends = {
    "DeLong's interval of the AUROC": aurocLow,
    'bootstrap interval of the AUROC': bootstrapLow,
  }
  return [...intervals, ...missingOf({ ...areas, AUPRC, ...tau, ...ends }, ofScore)]
}

function differencesOf({ scoreComparisons }: StudyStatistics): Incomplete[] {
  return scoreComparisons.map(found => ({
    name: found.score,
    missing: missingOfDifference(found, `difference of AUROC from ${found.against}`, ofDifference),
    all: 'Every other score',
    alike: scoreComparisons.filter(({ against }) => against === found.against).length,
  }))
}

function missingOfDifference(
  { difference, p, bootstrapLow }: Pick<ScoreDifference, 'difference' | 'p' | 'bootstrapLow'>,
  what: string,
  special: Partial<Words>,
  whole = `${what} with its intervals and p`,
): Missing[] {
  return missingOf(
    isUndefined(difference)
      ? { [whole]: difference }
      : {
          [`DeLong's interval and p of the ${what}`]: p,
          [`bootstrap interval of the ${what}`]: bootstrapLow,
        },
    special,
  )
}

/** Why numbers of the scores of two runs are undefined. */
export function undefinedOfRuns({ aurocs }: Pick<PairedRuns, 'aurocs'>): string[] {
  const whole = 'AUROC, its difference with intervals and p'
  return gatherUndefined(
    Object.entries(aurocs).map(([name, found], _, { length }) => ({
      name,
      missing: missingOfDifference(found, 'difference of AUROC', ofRuns, whole),
      all: 'Every score',
      alike: length,
    })),
  )
}

/** One sentence for all scores that lack the same numbers for the same reason. */
function gatherUndefined(found: readonly Incomplete[]): string[] {
  const named = groupBy(
    found.flatMap(({ missing, ...of }) => missing.map(number => ({ ...of, ...number }))),
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
  return [...Map.groupBy(items, keyOf).values()]
}

function nameOf(correct: boolean): string {
  return correct ? 'correct' : 'incorrect'
}

function runsOf(of: ColumnName = 'both'): string {
  return of === 'both' ? 'both runs' : `the ${of} run`
}
