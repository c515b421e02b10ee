import type { Analysis, AnalysisStatistics } from '../study/analysis.ts'
import { differenceInterval, hasSeveralAnswers, preferredIntervals } from '../study/preferred-intervals.ts'
import type { AreaName } from '../study/score-statistics.ts'
import { scoreDefinitions } from '../study/scores/answer-scores.ts'
import { mainScore } from '../study/selection.ts'
import { type Block, heading, numbersTable, paragraph, textsTable } from './report-document.ts'
import { areaWords } from './undefined-warnings.ts'
import { digits, estimate, nats, percent, probability, statisticNotes, withInterval } from './words.ts'

/** What a caption says where a problem has several answers and its intervals or p-values do not account for it. */
function independenceRemark(analysis: Analysis): string {
  return hasSeveralAnswers(analysis)
    ? '. Intervals that are not of resampled problems, and p-values, take answers as independent'
    : ''
}

/** Entropy by verdict, every score's ranking, and what of it is left when length is accounted for. */
export function findingsSection(analysis: Analysis): Block[] {
  return [
    heading('Findings'),
    entropyTable(analysis),
    scoreTable(analysis),
    definitionTable(analysis),
    comparisonTable(analysis),
    ...strataTables(analysis),
    ...regressionTable(analysis),
    ...withinProblemSentence(analysis),
    ...calibrationTable(analysis),
    completedTable(analysis),
  ]
}

function entropyTable(analysis: Analysis): Block {
  const { entropyNats, intervals, mannWhitney } = analysis
  const { correct, incorrect, difference, hedgesG } = entropyNats
  const { p, pName } = preferredIntervals(analysis).auroc
  const permuted = hasSeveralAnswers(analysis)
    ? ` with answers as independent${p === null ? '' : `, p of a ${pName} ${probability(p)}`}`
    : ''
  const row = (
    name: string,
    { n, mean, sd, median }: typeof correct,
    interval: typeof intervals.correctMean,
  ) => [name, String(n), estimate(mean, interval, nats), nats(sd), nats(median)]
  return numbersTable(
    `${mainScore} of an answer, nats, by verdict. Difference wrong − right ${estimate(difference, intervals.difference, nats)}, ` +
      `Hedges' g ${estimate(hedgesG, intervals.hedgesG)}; intervals of resampled problems. ` +
      `Mann–Whitney U ${digits(mannWhitney.u, 1)}, p ${probability(mannWhitney.p)}${permuted}. ${statisticNotes.mannWhitney}`,
    ['answers', 'n', 'mean', 'standard deviation', 'median'],
    [row('right', correct, intervals.correctMean), row('wrong', incorrect, intervals.incorrectMean)],
  )
}

function scoreTable(analysis: Analysis): Block {
  const { scores } = analysis
  const areas = Object.entries(areaWords) as [AreaName, string][]
  // Beside the AUPRC stands that of a score without information.
  const ofAuprc = (name: AreaName, cell: string) => (name === 'auprc' ? [cell] : [])
  const sorted = Object.entries(scores).sort(([, a], [, b]) => (b.auroc ?? -1) - (a.auroc ?? -1))
  return numbersTable(
    'Every score, larger where the model was less certain; wrong answers are the positive class. AUROC with its 95 % interval (DeLong, logit ' +
      `scale) and with that of resampled problems, which those of the areas are too; p of Mann–Whitney, not adjusted for the number of scores${independenceRemark(analysis)}`,
    [
      ...['score', 'n', 'AUROC', 'resampled problems', 'p'],
      ...areas.flatMap(([name, word]) => [word, ...ofAuprc(name, 'base rate')]),
    ],
    sorted.map(([name, score]) => [
      name,
      String(score.n),
      withInterval(score.auroc, score.aurocLow, score.aurocHigh),
      score.bootstrapLow === null ? '–' : `${digits(score.bootstrapLow)} to ${digits(score.bootstrapHigh)}`,
      probability(score.p),
      ...areas.flatMap(([name]) => [
        estimate(score[name], score.intervals[name]),
        ...ofAuprc(name, digits(score.auprcBaseRate)),
      ]),
    ]),
  )
}

function definitionTable({ scores }: Analysis): Block {
  const definitions = Object.entries(scoreDefinitions()).filter(([name]) => name in scores)
  return textsTable(
    'What the scores are: H is the entropy of a token, p its probability, both of the raw softmax over the whole vocabulary',
    ['score', 'unit', 'is', 'from'],
    definitions.map(([name, { unit, formula, source }]) => [name, unit, formula, source]),
  )
}

function comparisonTable(analysis: Analysis): Block {
  const { scoreComparisons } = analysis
  const shown = scoreComparisons.filter(
    ({ against, difference }) => against === mainScore && difference !== null,
  )
  return numbersTable(
    `AUROC of a score minus that of ${mainScore} over the same answers (${hasSeveralAnswers(analysis) ? 'intervals of resampled problems, p by DeLong with answers as independent' : 'DeLong, paired'}); p adjusted over these and the comparisons with length, which analysis.json has too`,
    ['score', 'n', 'difference', 'p', 'Holm', 'Benjamini–Hochberg'],
    shown.map(compared => {
      const { low = null, high = null } = differenceInterval(analysis, compared) ?? {}
      return [
        compared.score,
        String(compared.n),
        withInterval(compared.difference, low, high),
        probability(compared.p),
        probability(compared.pHolm),
        probability(compared.pBenjaminiHochberg),
      ]
    }),
  )
}

function strataTables(analysis: Analysis): Block[] {
  const { strata, intervals } = analysis
  return (
    [
      ['length', strata.length, strata.lengthAdjustedAuroc, intervals.lengthAdjustedAuroc],
      ['level', strata.level, strata.levelAdjustedAuroc, intervals.levelAdjustedAuroc],
    ] as const
  )
    .filter(([, rows]) => rows.length > 0)
    .map(([name, rows, adjusted, interval]) =>
      numbersTable(
        `AUROC of ${mainScore} among answers of like ${name}; over all pairs within a stratum ${estimate(adjusted, interval)}, interval of resampled problems${independenceRemark(analysis)}`,
        [name, 'n', 'right', 'wrong', 'AUROC'],
        rows.map(({ label, n, correct, incorrect, auroc, low, high }) => [
          label,
          String(n),
          String(correct),
          String(incorrect),
          withInterval(auroc, low, high),
        ]),
      ),
    )
}

function regressionTable(analysis: Analysis): Block[] {
  const { logisticRegression: fit } = analysis
  if (!fit) return []
  const { chi2, df, p } = fit.likelihoodRatio
  return [
    numbersTable(
      `Logistic regression of a right answer, n ${fit.n}, ${mainScore} and log length in standard deviations${fit.firth ? `, with Firth’s penalty since a term separates the classes (${statisticNotes.firth})` : ''}. ` +
        `${mainScore} beyond the other terms: likelihood ratio ${digits(chi2, 2)} on ${df} degree of freedom, p ${probability(p)}${independenceRemark(analysis)}`,
      ['term', 'coefficient', 'standard error', 'odds ratio', 'p'],
      fit.terms.map(({ name, coefficient, standardError, oddsRatio, p: termP }) => [
        name,
        digits(coefficient),
        digits(standardError),
        withInterval(oddsRatio.value, oddsRatio.low, oddsRatio.high),
        probability(termP),
      ]),
    ),
  ]
}

function withinProblemSentence({ withinProblem }: Analysis): Block[] {
  if (!withinProblem) return []
  const { problems, pairs, auroc, low, high } = withinProblem
  return [
    paragraph(
      `Among the answers to one problem, where difficulty is the same, ${mainScore} has an AUROC of ${withInterval(auroc, low, high)}: ` +
        `${pairs} pairs of a wrong and a right answer to ${problems} problems.`,
    ),
  ]
}

function calibrationTable({ calibration }: Analysis): Block[] {
  if (!calibration) return []
  const methods = ['platt', 'isotonic'] as const
  const errorHead = ['ECE', 'ECE if perfect', '95 % of perfect below']
  return [
    numbersTable(
      `Calibration of a probability of being right fitted to ${mainScore}, n ${calibration.n}, each answer predicted by fits to other ` +
        `problems (${calibration.folds} folds). Intervals of resampled problems with the predictions held fixed; those of slope and intercept by the sandwich with problems ` +
        'as clusters. ECE over bins of equal number, and what a perfect calibration would show',
      ['fit', 'Brier', 'Brier skill', 'log loss', ...errorHead, 'slope', 'intercept'],
      methods.flatMap(name => {
        const fit = calibration[name]
        if (!fit) return []
        const { intervals, expectedCalibrationError: error } = fit
        return [
          [
            name,
            ...(['brier', 'brierSkill', 'logLoss'] as const).map(loss =>
              estimate(fit[loss], intervals[loss]),
            ),
            estimate(error.value, intervals.expectedCalibrationError),
            digits(error.expectedIfCalibrated),
            digits(error.quantile95IfCalibrated),
            ...(['slope', 'intercept'] as const).map(part => estimate(fit[part], intervals[part])),
          ],
        ]
      }),
    ),
  ]
}

function completedTable(analysis: Analysis): Block {
  const row = (name: string, part: AnalysisStatistics) => {
    const { accuracy, auroc } = preferredIntervals(part)
    return [
      name,
      String(part.total),
      withInterval(accuracy.value, accuracy.low, accuracy.high, percent),
      `${part.entropyNats.correct.n} / ${part.entropyNats.incorrect.n}`,
      withInterval(auroc.value, auroc.low, auroc.high),
    ]
  }
  return numbersTable(
    `All answers, and only those that the model ended itself (${mainScore})`,
    ['answers', 'n', 'accuracy', 'right / wrong', 'AUROC'],
    [row('all', analysis), row('ended by the model', analysis.completedOnly)],
  )
}

/** Correlations of mean entropy with a right answer, and what bounds them. */
export function correlationsSection(analysis: Analysis): Block[] {
  const { pearson, pointBiserial, spearman, kendall, entropyNats, lengthConfounding, intervals } = analysis
  const n = String(entropyNats.correct.n + entropyNats.incorrect.n)
  const bound = spearman.largestPossible
  return [
    heading('Correlations'),
    numbersTable(
      `Of ${mainScore} with a right answer (1) against a wrong one (0), with intervals of resampled problems on Fisher's scale${independenceRemark(analysis)}. ${statisticNotes.kendall}`,
      ['coefficient', 'n', 'value', 'p'],
      [
        ['Pearson', n, estimate(pearson.r, intervals.pearson), probability(pearson.p)],
        ['point-biserial', n, estimate(pointBiserial.r, intervals.pearson), probability(pointBiserial.p)],
        ['Spearman', n, estimate(spearman.rho, intervals.spearman), probability(spearman.p)],
        ['Kendall, τ-b', n, estimate(kendall.tau, intervals.kendall), probability(kendall.p)],
      ],
    ),
    paragraph(
      (bound === null
        ? ''
        : `With classes of this size Spearman's coefficient cannot exceed ${digits(bound)} in size, however well entropy separates them. `) +
        `Mean entropy and length of an answer correlate with ρ = ${estimate(lengthConfounding.entropyLengthRho, intervals.entropyLengthRho)} (Spearman, n ${n}). ` +
        'A correlation says how two columns go together, not that one predicts the other usefully: the AUROC above does.',
    ),
  ]
}
