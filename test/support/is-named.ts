import { areaWords, calibrationWords, entropyWords } from '../../core/report/undefined-warnings.ts'
import type { Analysis, AnalysisStatistics } from '../../core/study/analysis.ts'

/** Whether some warning names the number at this path and says why it is undefined. */
export function isNamed(analysis: Analysis, path: string): boolean {
  // Every problem has one answer; a token without a text is named by its id.
  if (/\/withinProblem$|\/text$/.test(path)) return true
  const [, inside = '', rest = ''] = /^(\/completedOnly)?(.*)$/.exec(path)!
  const part: AnalysisStatistics = inside === '' ? analysis : analysis.completedOnly
  const says = (pattern: RegExp) => analysis.warnings.some(warning => pattern.test(warning))
  if (part.total === 0) return says(inside === '' ? /There are no samples/ : /No answer was completed/)
  const { correct, incorrect } = part.entropyNats
  const classes = [correct, incorrect].filter(({ n }) => n > 0).length
  const isOfSamples = /^\/(tokens|errorKinds|accuracy|capHitRate)/.test(rest)
  if (classes === 0 && !isOfSamples) return says(/No sample has a mean entropy/)
  const isOfOneClass =
    !/^\/(entropyNats\/(in)?correct|lengthConfounding\/entropyLengthRho|withinProblem|.*intervals\/\w+\/|intervals\/((in)?correctMean|entropyLengthRho))/.test(
      rest,
    )
  const name = /^\/scores\/(\w+)/.exec(rest)?.[1]
  if (classes === 1 && isOfOneClass && !isOfSamples && !(name && part.scores[name]!.n === 0))
    return says(/with one class there is no difference, .* AUROC, PRR, .* calibration/)
  return namesOf(part, rest).every(names => says(names))
}

/** What warnings must match to name the number at a path; one that cannot match where the path is not known. */
function namesOf(part: AnalysisStatistics, path: string): RegExp[] {
  const [, field = '', key = '', last = '', name = '', end = ''] = path.split('/')
  const ofScore = (name: string, what: string) => [
    new RegExp(
      `^(Completed answers only: )?(.*\\b${name}\\b.*|Every (other )?score): .*(${what}).* undefined, because`,
    ),
  ]
  if (field === 'entropyNats')
    return key === 'hedgesG'
      ? [/Hedges' g is undefined/]
      : [new RegExp(`There is (no|one) ${key} answer with entropy`)]
  if (['pearson', 'pointBiserial', 'spearman', 'kendall'].includes(field))
    return [/The correlations .* are undefined/]
  if (field === 'auroc') return ofScore('MeanTokenEntropy', "DeLong's interval")
  if (field === 'aurocBootstrap') return ofScore('MeanTokenEntropy', 'bootstrap interval')
  if (field === 'intervals' && key in areaWords)
    return ofScore(
      'MeanTokenEntropy',
      last === '' ? scoreFields[key]! : `interval of the ${key.toUpperCase()}`,
    )
  if (field === 'intervals')
    return last === ''
      ? [undefinedNumbers[key]!]
      : [intervalOf(entropyWords[key as keyof typeof entropyWords])]
  if (field === 'scores' && last === 'intervals')
    return ofScore(key, end === '' ? scoreFields[name]! : `interval of the ${name.toUpperCase()}`)
  if (field === 'scores') return ofScore(key, scoreFields[last] ?? 'unknown field')
  if (field === 'scoreComparisons') {
    const { score, against } = part.scoreComparisons[Number(key)]!
    const difference = `difference of AUROC from ${against} with|`
    const interval = last.startsWith('bootstrap') ? 'bootstrap interval' : "DeLong's interval and p"
    return ofScore(score, `${difference}${interval} of the difference of AUROC from ${against}`)
  }
  if (field === 'logisticRegression') return [/regression.* (is|are) undefined because/]
  if (field === 'strata') {
    if (key.endsWith('AdjustedAuroc'))
      return [new RegExp(`${key.slice(0, key.indexOf('A'))}( is undefined|-adjusted AUROC is undefined)`)]
    const { label } = part.strata[key as 'length' | 'level'][Number(last)]!
    return [
      new RegExp(`Within .*\\(.*\\b${label}\\b.*\\) the (interval of the )?AUROC is undefined, because`),
    ]
  }
  if (field === 'lengthConfounding') return [/The correlation of entropy and length is undefined because/]
  if (field === 'withinProblem') return [/AUROC within problems is undefined, because/]
  if (field === 'power') return [/AUROC that is detectable with 80 % power is undefined/]
  if (field === 'calibration' && end !== '')
    return [intervalOf(`${calibrationWords[name as keyof typeof calibrationWords]} \\(${key}\\)`)]
  if (field === 'calibration')
    return last === ''
      ? [key === '' ? /Calibration is undefined: / : /Platt's calibration is undefined/]
      : [new RegExp(`Slope and intercept of the ${key} calibration are undefined`)]
  if (field === 'tokens')
    return [
      /No answer has tokens|No token has any entropy|no tokens of the kinds|answer has a token at|first wrong step/,
    ]
  if (field === 'errorKinds')
    return [
      /no incorrect answers, so shares|No incorrect answer (is )?of the kinds|Where the error lies is not known/,
    ]
  return [/a field that no warning names/]
}

/** The warning that an interval is undefined although its number is not. */
const intervalOf = (name: string) => new RegExp(`intervals? of .*${name}.* (is|are) undefined, because`)

/** The warning that a number is undefined, whose interval is then null. */
const undefinedNumbers: Record<string, RegExp> = {
  correctMean: /There is no correct answer with entropy/,
  incorrectMean: /There is no incorrect answer with entropy/,
  difference: /with one class there is no difference/,
  hedgesG: /Hedges' g is undefined/,
  pearson: /The correlations .* are undefined/,
  spearman: /The correlations .* are undefined/,
  kendall: /The correlations .* are undefined/,
  entropyLengthRho: /The correlation of entropy and length is undefined because/,
  lengthAdjustedAuroc: /The AUROC adjusted for length is undefined/,
  levelAdjustedAuroc: /level-adjusted AUROC is undefined|The AUROC adjusted for level is undefined/,
}

const scoreFields: Record<string, string> = {
  auroc: 'AUROC with its intervals|every statistic',
  p: 'AUROC with its intervals|every statistic',
  aurocLow: "DeLong's interval|AUROC with its intervals|every statistic",
  aurocHigh: "DeLong's interval|AUROC with its intervals|every statistic",
  bootstrapLow: 'bootstrap interval|AUROC with its intervals|every statistic',
  bootstrapHigh: 'bootstrap interval|AUROC with its intervals|every statistic',
  prr: 'PRR|every statistic',
  kendallTau: "Kendall's τ|every statistic",
  kendallP: "Kendall's τ|every statistic",
  auprc: 'AUPRC|every statistic',
  auprcBaseRate: 'every statistic',
  aurc: 'every statistic',
  augrc: 'every statistic',
}
