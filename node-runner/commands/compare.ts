import { Command } from 'commander'
import { describeDecoding } from '../../core/generate/decoding.ts'
import { describeGrading, gradingDifferences } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import { analyseRun, compareRuns } from '../../core/report/record-study.ts'
import {
  type Block,
  numbersTable,
  type ReportDocument,
  renderHtml,
  renderMarkdown,
} from '../../core/report/report-document.ts'
import { digits, estimate, nats, percent, probability, withInterval } from '../../core/report/words.ts'
import { isPart, partWarning } from '../../core/study/coverage.ts'
import { preferredIntervals } from '../../core/study/preferred-intervals.ts'
import { mainScore } from '../../core/study/selection.ts'
import { refuseOutput, writeFileAtomic } from '../files/write-file-atomic.ts'
import { readColumns } from '../run/run-columns.ts'
import { askedSamples, requireRun } from '../run/run-description.ts'

type ComparedRun = Awaited<ReturnType<typeof readRun>>

/** `entrace compare`: runs side by side; the first against each other one by paired tests where they share problems. */
export function compareCommand(): Command {
  return new Command('compare')
    .description('show runs side by side, and test the first against the others where they share problems')
    .argument('<run...>', 'folders of runs, two or more')
    .option('--out <file>', 'write the comparison there, as .md or .html')
    .option('--json', 'print one JSON document on standard output', false)
    .action(async (folders: string[], flags: { out?: string; json: boolean }) => {
      if (folders.length < 2)
        throw new InputError(`compare: found ${folders.length} run, expected two or more folders of runs`)
      if (flags.out !== undefined && !/\.(md|html)$/.test(flags.out))
        throw new InputError(`--out ${flags.out}: expected a name that ends with .md or .html`)
      if (flags.out !== undefined) refuseOutput(flags.out)
      const runs: ComparedRun[] = []
      for (const folder of folders) runs.push(await readRun(folder))
      const pairings = runs.slice(1).map(other => pair(runs[0]!, other))
      const document = describeComparison(runs, pairings)
      if (flags.out !== undefined)
        writeFileAtomic(flags.out, [
          flags.out.endsWith('.md') ? renderMarkdown(document) : renderHtml(document),
        ])
      if (flags.json) console.log(JSON.stringify(asJson(runs, pairings), null, 2))
      else console.log(flags.out ?? renderMarkdown(document))
    })
}

async function readRun(folder: string) {
  const run = requireRun(folder)
  const columns = await readColumns(folder, run)
  const analysis = analyseRun(columns, { grading: run.grading, asked: askedSamples(run) })
  return { folder, run, columns, analysis }
}

/** Two runs of one data set, or why they cannot be paired. */
type Pairing = ReturnType<typeof pair>

function pair(first: ComparedRun, second: ComparedRun) {
  const names = { first: first.folder, second: second.folder }
  if (first.run.dataSet.digest !== second.run.dataSet.digest)
    return {
      ...names,
      comparison: null,
      reason: `they answer different data sets (${first.run.dataSet.name}, ${second.run.dataSet.name}), so nothing is paired`,
    }
  const comparison = compareRuns(first.columns, second.columns)
  const rules = gradingDifferences(first.run.grading, second.run.grading)
  if (rules.length > 0)
    comparison.warnings.unshift(
      `The runs are graded by different rules (${rules.join(', ')}), so that they may differ where their answers do not; have entrace analyse grade both alike.`,
    )
  return { ...names, comparison, reason: null }
}

function describeComparison(runs: ComparedRun[], pairings: Pairing[]): ReportDocument {
  const row = (name: string, cell: (run: ComparedRun) => string) => [name, ...runs.map(cell)]
  const table = numbersTable(
    `Runs side by side, with 95 % intervals; scores are of ${mainScore}`,
    ['', ...runs.map(({ folder }) => folder)],
    [
      row('model', ({ run }) => run.model.name),
      row('data set', ({ run }) => run.dataSet.name),
      row('decoding', ({ run }) => describeDecoding(run.decoding)),
      row('grading', ({ run }) => describeGrading(run.grading)),
      row('mesh', ({ run }) => `tp ${run.mesh.tp}, dp ${run.mesh.dp}`),
      row('answers', ({ analysis: { total, coverage } }) =>
        isPart(coverage) ? `${total} of ${coverage.of}` : String(total),
      ),
      row('accuracy', ({ analysis }) => {
        const { accuracy } = preferredIntervals(analysis)
        return withInterval(accuracy.value, accuracy.low, accuracy.high, percent)
      }),
      row('cut at the token limit', ({ analysis: { capHitRate, intervals } }) =>
        estimate(capHitRate, intervals.capHitRate, percent),
      ),
      row(
        'right / wrong with entropy',
        ({ analysis: { entropyNats } }) => `${entropyNats.correct.n} / ${entropyNats.incorrect.n}`,
      ),
      row('mean entropy, right, nats', ({ analysis: { entropyNats, intervals } }) =>
        estimate(entropyNats.correct.mean, intervals.correctMean, nats),
      ),
      row('mean entropy, wrong, nats', ({ analysis: { entropyNats, intervals } }) =>
        estimate(entropyNats.incorrect.mean, intervals.incorrectMean, nats),
      ),
      row('AUROC', ({ analysis }) => {
        const { auroc } = preferredIntervals(analysis)
        return withInterval(auroc.value, auroc.low, auroc.high)
      }),
      row('AURC', ({ analysis: { aurc, intervals } }) => estimate(aurc, intervals.aurc)),
      row('ECE of fitted probabilities', ({ analysis: { calibration } }) => {
        const fit = calibration?.[calibration.preferred]
        return estimate(fit?.expectedCalibrationError.value, fit?.intervals.expectedCalibrationError)
      }),
    ],
  )
  return {
    title: 'Comparison of runs',
    blocks: [...partBlocks(runs), table, ...pairings.flatMap(pairingBlocks)],
  }
}

function partBlocks(runs: readonly ComparedRun[]): Block[] {
  const items = runs.flatMap(({ folder, analysis }) => {
    const part = partWarning(analysis.coverage)
    return part === null ? [] : [`${folder}: ${part}`]
  })
  return items.length > 0 ? [{ kind: 'list', items }] : []
}

function pairingBlocks({ first, second, comparison, reason }: Pairing): Block[] {
  const heading: Block = { kind: 'heading', text: `${first} against ${second}` }
  if (!comparison) return [heading, { kind: 'paragraph', text: `Not compared: ${reason}.` }]
  const { accuracy, aurocs, pairs, problems, onlyInFirst, onlyInSecond, warnings } = comparison
  const row = (
    name: string,
    n: number,
    found: (typeof aurocs)[string] | typeof accuracy,
    show: typeof digits,
  ) => [
    name,
    String(n),
    show(found.first),
    show(found.second),
    withInterval(found.difference, found.bootstrapLow, found.bootstrapHigh, show),
    probability(found.p),
    probability(found.pHolm),
    probability(found.pBenjaminiHochberg),
  ]
  return [
    heading,
    numbersTable(
      `${pairs} answers to ${problems} problems that both have (${onlyInFirst} and ${onlyInSecond} are in one only). Differences first − second with ` +
        "intervals of resampled problems; p by McNemar's exact test and DeLong's paired one, adjusted over all rows",
      ['', 'n', 'first', 'second', 'difference', 'p', 'Holm', 'Benjamini–Hochberg'],
      [
        row('accuracy', pairs, accuracy, percent),
        ...Object.entries(aurocs).map(([name, found]) => row(`AUROC of ${name}`, found.n, found, digits)),
      ],
    ),
    ...(warnings.length > 0 ? ([{ kind: 'list', items: warnings }] satisfies Block[]) : []),
  ]
}

function asJson(runs: ComparedRun[], pairings: Pairing[]) {
  return {
    formatVersion: runs[0]?.analysis.formatVersion,
    runs: runs.map(({ folder, run, analysis }) => ({
      folder,
      model: run.model.name,
      dataSet: run.dataSet.name,
      decoding: run.decoding,
      grading: analysis.grading,
      mesh: run.mesh,
      total: analysis.total,
      coverage: analysis.coverage,
      problems: analysis.problems,
      ...preferredIntervals(analysis),
      capHitRate: analysis.capHitRate,
      entropyNats: analysis.entropyNats,
      intervals: analysis.intervals,
      aurc: analysis.aurc,
      calibration: analysis.calibration,
    })),
    pairings,
  }
}
