import type { AnalysisStatistics } from './analysis.ts'
import { gatherUndefined, type Undefined } from './gather-undefined.ts'
import type { AnalysisScore, ScoreComparison } from './score-analysis.ts'
import { mostMissedResamples } from './statistics/bootstrap-spread.ts'

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
