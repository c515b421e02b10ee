import type { Analysis } from '../analyse/analysis.ts'
import { statisticNotes } from '../analyse/statistic-notes.ts'
import { independenceRemark, mainScore } from './findings-section.ts'
import type { Block } from './report-document.ts'
import { digits, estimate, probability } from './report-numbers.ts'

/** Correlations of mean entropy with a right answer, and what bounds them. */
export function correlationsSection(analysis: Analysis): Block[] {
  const { pearson, pointBiserial, spearman, kendall, entropyNats, lengthConfounding, intervals } = analysis
  const n = String(entropyNats.correct.n + entropyNats.incorrect.n)
  const bound = spearman.largestPossible
  return [
    { kind: 'heading', text: 'Correlations' },
    {
      kind: 'table',
      of: 'numbers',
      caption: `Of ${mainScore} with a right answer (1) against a wrong one (0), with intervals of resampled problems on Fisher's scale${independenceRemark(analysis)}. ${statisticNotes.kendall}`,
      head: ['coefficient', 'n', 'value', 'p'],
      rows: [
        ['Pearson', n, estimate(pearson.r, intervals.pearson), probability(pearson.p)],
        ['point-biserial', n, estimate(pointBiserial.r, intervals.pearson), probability(pointBiserial.p)],
        ['Spearman', n, estimate(spearman.rho, intervals.spearman), probability(spearman.p)],
        ['Kendall, τ-b', n, estimate(kendall.tau, intervals.kendall), probability(kendall.p)],
      ],
    },
    {
      kind: 'paragraph',
      text:
        (bound === null
          ? ''
          : `With classes of this size Spearman's coefficient cannot exceed ${digits(bound)} in size, however well entropy separates them. `) +
        `Mean entropy and length of an answer correlate with ρ = ${estimate(lengthConfounding.entropyLengthRho, intervals.entropyLengthRho)} (Spearman, n ${n}). ` +
        'A correlation says how two columns go together, not that one predicts the other usefully: the AUROC above does.',
    },
  ]
}
