import { createRequire } from 'node:module'
import { Resvg } from '@resvg/resvg-js'
import { DOMParser } from 'linkedom'
import { drawEntropyAnalysis } from '../../core/figures/entropy-analysis.ts'
import type { FigureData } from '../../core/figures/figure-data.ts'
import { drawRejectionChart } from '../../core/figures/rejection-chart.ts'
import { drawReliabilityChart } from '../../core/figures/reliability-chart.ts'
import { drawRocChart } from '../../core/figures/roc-chart.ts'
import type { ScoreData } from '../../core/figures/score-data.ts'
import type { SvgDocument } from '../../core/figures/svg-element.ts'
import { describeDecoding } from '../../core/generate/decoding.ts'
import { describeGrading } from '../../core/grade/grading-rules.ts'
import { runFiles } from '../../core/record/run-files.ts'
import type { RunColumns } from '../../core/record/run-tables.ts'
import type { ReportExamples } from '../../core/report/patterns-section.ts'
import { type ReportFigure, renderHtml, renderMarkdown } from '../../core/report/report-document.ts'
import { count, percent, withInterval } from '../../core/report/words.ts'
import { writeReport as compose } from '../../core/report/write-report.ts'
import type { Analysis } from '../../core/study/analysis.ts'
import { describeExtent, isPart } from '../../core/study/coverage.ts'
import type { RunFindings } from '../../core/study/findings.ts'
import { hasSeveralAnswers, preferredIntervals } from '../../core/study/preferred-intervals.ts'
import { mainScore } from '../../core/study/selection.ts'
import { templateArgumentTexts } from '../../core/tokenizer/template-arguments.ts'
import type { RunDescription } from './run-description.ts'
import type { StagedResults } from './staged-results.ts'

const chartSize = { width: 400, height: 280 }

/** Writes report.md and report.html; `panels` is the drawing of the four panels. */
export function writeReport(
  staged: StagedResults,
  run: RunDescription,
  columns: RunColumns,
  content: { analysis: Analysis; findings: RunFindings; examples: ReportExamples },
  panels: string,
): void {
  const { analysis } = content
  const n = analysis.entropyNats.correct.n + analysis.entropyNats.incorrect.n
  const document = compose({
    title: titleOf(run, analysis),
    setUp: describeSetUp(run, analysis),
    ...content,
    figures: [
      {
        caption: `Entropy of right and wrong answers, accuracy against entropy, and entropy along the answer (${mainScore}, n ${n})`,
        svg: panels,
        file: 'entropy_analysis.svg',
      },
      ...drawCharts(columns, analysis, n),
    ],
    files: runFiles.map(({ names, holds }) => [names.join(', '), holds] as const),
  })
  staged.write('report.md', [renderMarkdown(document)])
  staged.write('report.html', [renderHtml(document)])
}

/** What was run, as names and values. */
export function describeSetUp(run: RunDescription, { coverage }: Analysis): [string, string][] {
  const { model, dataSet, prompt, decoding, mesh, adapters, versions, grading, unchecked, mixed } = run
  const revision = (of: string | null | undefined) => (of ? `, revision ${of}` : '')
  const adapterNames = [...new Set(adapters.map(({ name, kind }) => `${name} (${kind})`))]
  const rows: [string, string | null | undefined][] = [
    [
      'model',
      `${model.name}${revision(model.revision)}, ${model.dtypes.join(' and ')}, weights ${model.weightDigest}`,
    ],
    [
      'data set',
      `${dataSet.name}${revision(dataSet.revision)}, asked for the first ${run.limit} of ${dataSet.problems} problems, digest ${dataSet.digest}`,
    ],
    ['samples', coverage && describeExtent(coverage)],
    ['prompt', describePrompt(prompt)],
    ['decoding', describeDecoding(decoding)],
    ['mesh', `${count(mesh.tp, 'rank')} a group, ${count(mesh.dp, 'group')}, on ${adapterNames.join(', ')}`],
    [
      'versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    ['parts made otherwise', mixed?.join('; ')],
    [
      'not recorded by 0.1.0',
      unchecked && `whether all samples were made with the same ${unchecked.join(', ')}`,
    ],
    ['hash of all that', run.hash],
    ['grading', `${describeGrading(grading)} (in no hash, as entrace analyse may change it)`],
  ]
  // What was not the case has no text.
  return rows.filter((row): row is [string, string] => typeof row[1] === 'string')
}

function describePrompt({
  style,
  fewShot,
  systemPrompt,
  digest,
  raw,
  ...of
}: RunDescription['prompt']): string {
  const examples = `${fewShot} worked examples`
  if (raw) return `the problem alone, in no chat template, ${examples}, digest ${digest}`
  const given = templateArgumentTexts(of.templateArguments ?? {})
  return [
    style,
    examples,
    `system message ${systemPrompt === null ? "of the chat template's own" : JSON.stringify(systemPrompt)}`,
    ...(given.length > 0 ? [`chat template with ${given.join(' and ')}`] : []),
    `digest ${digest}`,
  ].join(', ')
}

/** What a run is of, and how much of it its samples are where that is not all. */
export function titleOf(run: RunDescription, { coverage }: Analysis): string {
  const title = `${run.model.name} on ${run.dataSet.name}`
  return isPart(coverage) ? `${title} (a part: ${coverage.samples} of ${coverage.of} samples)` : title
}

function drawCharts(columns: RunColumns, analysis: Analysis, n: number): ReportFigure[] {
  const { calibration } = analysis
  const { auroc, accuracy } = preferredIntervals(analysis)
  const document = emptyDocument()
  const entropies = columns.scores[mainScore] ?? new Float64Array(columns.count).fill(Number.NaN)
  const hasEntropy = (_: unknown, row: number) => Number.isFinite(entropies[row])
  const data: ScoreData = {
    label: 'mean entropy (nats)',
    values: entropies.filter(hasEntropy),
    correct: columns.correct.filter(hasEntropy),
  }
  const bins = calibration?.[calibration.preferred]?.reliability ?? null
  const area = withInterval(auroc.value, auroc.low, auroc.high)
  const share = withInterval(accuracy.value, accuracy.low, accuracy.high, percent)
  const figure = (caption: string, { chart }: Pick<ReturnType<typeof drawRocChart>, 'chart'>) => {
    return { caption, svg: chart.svg.outerHTML, file: null }
  }
  const bars = hasSeveralAnswers(analysis) ? ', answers as independent' : ''
  return [
    figure(
      `Wrong answers found against right ones flagged, by ${mainScore} (n ${n}; area with its 95 % interval ${area}, ${auroc.method})`,
      drawRocChart(document, data, chartSize),
    ),
    figure(
      `Accuracy of what is kept when the answers of greatest ${mainScore} are rejected (n ${n}; of all ${analysis.total} answers ${share}, ${accuracy.method})`,
      drawRejectionChart(document, data, chartSize),
    ),
    figure(
      `Share of right answers by predicted probability, from ${mainScore} (n ${calibration?.n ?? 0}; bars: 95 % intervals${bars})`,
      drawReliabilityChart(document, bins, data.values, chartSize),
    ),
  ]
}

/** Pixels of the PNG per pixel of the drawing: sharp in print at half the size. */
const pngScale = 2

/** Draws a run's figure as SVG and PNG. The same data gives the same bytes, whatever fonts the machine has. */
export function renderFigure(data: FigureData, analysis: Analysis, title = '') {
  const document = emptyDocument()
  const svg = `${drawEntropyAnalysis(document, data, analysis, title).outerHTML}\n`
  return { svg, png: rasterise(svg, fontFiles()) }
}

/** The SVG as PNG, its text in the given fonts only. */
export function rasterise(svg: string, fonts: string[]): Uint8Array {
  const font = { fontFiles: fonts, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' }
  return new Resvg(svg, { fitTo: { mode: 'zoom', value: pngScale }, font }).render().asPng()
}

/** Files of the fonts that the figures name: the package ships them, so that no machine's own fonts matter. */
export function fontFiles(): string[] {
  const { resolve } = createRequire(import.meta.url)
  return ['DejaVuSans', 'DejaVuSans-Bold'].map(name => resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`))
}

function emptyDocument(): SvgDocument {
  // linkedom's types speak of lib.dom's elements, which are not loaded here.
  return new DOMParser().parseFromString('<svg/>', 'image/svg+xml') as unknown as SvgDocument
}
