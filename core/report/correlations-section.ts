import type { Analysis } from '../analyse/analysis.ts'
import { independenceRemark, mainScore } from './findings-section.ts'
import type { Block } from './report-document.ts'
import { digits, probability } from './report-numbers.ts'

/** Correlations of mean entropy with a right answer, and what bounds them. */
export function correlationsSection(analysis: Analysis): Block[] {
  const { pearson, pointBiserial, spearman, kendall, entropyNats, lengthConfounding } = analysis
  const n = String(entropyNats.correct.n + entropyNats.incorrect.n)
  const bound = spearman.largestPossible
  return [
    { kind: 'heading', text: 'Correlations' },
    {
      kind: 'table',
      of: 'numbers',
      caption: `Of ${mainScore} with a right answer (1) against a wrong one (0)${independenceRemark(analysis)}`,
      head: ['coefficient', 'n', 'value', 'p'],
      rows: [
        ['Pearson', n, digits(pearson.r), probability(pearson.p)],
        ['point-biserial', n, digits(pointBiserial.r), probability(pointBiserial.p)],
        ['Spearman', n, digits(spearman.rho), probability(spearman.p)],
        ['Kendall, τ-b', n, digits(kendall.tau), probability(kendall.p)],
      ],
    },
    {
      kind: 'paragraph',
      text:
        (bound === null
          ? ''
          : `With classes of this size Spearman's coefficient cannot exceed ${digits(bound)} in size, however well entropy separates them. `) +
        `Mean entropy and length of an answer correlate with ρ = ${digits(lengthConfounding.entropyLengthRho)} (Spearman, n ${n}). ` +
        'A correlation says how two columns go together, not that one predicts the other usefully: the AUROC above does.',
    },
  ]
}
