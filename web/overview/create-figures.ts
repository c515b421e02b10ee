import { drawAccuracyChart } from '../../core/figures/accuracy-chart.ts'
import { drawBoxChart } from '../../core/figures/box-chart.ts'
import { appendReason, type ChartSize, createChart, type DrawnChart } from '../../core/figures/chart.ts'
import { drawDistributionChart } from '../../core/figures/distribution-chart.ts'
import { positionCount } from '../../core/figures/figure-data.ts'
import { drawPositionChart } from '../../core/figures/position-chart.ts'
import { drawRejectionChart } from '../../core/figures/rejection-chart.ts'
import { drawReliabilityChart } from '../../core/figures/reliability-chart.ts'
import { drawRocChart } from '../../core/figures/roc-chart.ts'
import type { ScoreData } from '../../core/figures/score-data.ts'
import type { SvgDocument } from '../../core/figures/svg-element.ts'
import { formatCount } from '../../core/format-number.ts'
import type { RunColumns } from '../../core/record/run-tables.ts'
import type { OpenRun } from '../data/open-run.ts'
import { h } from '../dom.ts'
import { createFigure, watchWidth } from '../widgets/figure.ts'
import { scoreLabels } from './table-columns.ts'

/** What was marked of a score. */
type Marked = readonly [number, number] | null

/** The score that reliability is about. */
const calibratedScore = 'MeanTokenEntropy'
/** Traces of more bytes are only read when the reader asks for it. */
const freelyReadBytes = 32 * 2 ** 20

/** Creates the figures of a run, linked with its table. `select` is called with a score and what was marked of it. */
export function createFigures(run: OpenRun, select: (score: string, range: Marked) => void) {
  const svgDocument = document as unknown as SvgDocument
  let score = calibratedScore
  let rows: Int32Array = new Int32Array(0)
  let data: ScoreData = { label: '', values: new Float64Array(0), correct: new Uint8Array(0) }
  let range: Marked = null
  let positions: Float32Array | null = null
  let positionsNote: string[] = ['Reading tokens']
  const selectScore = (marked: Marked) => select(score, marked)
  const byScore =
    (draw: (document: SvgDocument, data: ScoreData, size: ChartSize) => DrawnChart) => (size: ChartSize) =>
      draw(svgDocument, data, size)
  const positionFigure = createFigure('along-the-answer', drawPositions)
  const readTokens = h('button', { class: 'read-tokens', hidden: true, onclick: () => void readPositions() })
  positionFigure.element.append(readTokens)
  const figures = [
    createFigure('distribution', byScore(drawDistributionChart), selectScore),
    createFigure('accuracy', byScore(drawAccuracyChart), selectScore),
    createFigure('by-verdict', byScore(drawBoxChart), selectScore),
    positionFigure,
    createFigure('roc', byScore(drawRocChart), selectScore),
    createFigure('rejection', byScore(drawRejectionChart), selectScore),
    createFigure('reliability', drawReliability, marked => select(calibratedScore, marked)),
  ]
  const elements = figures.map(figure => figure.element)
  const element = h('div', { class: 'figures' }, elements)
  const endWidth = watchWidth(element, drawAll)
  if (run.traceBytes > freelyReadBytes) {
    positionsNote = []
    readTokens.hidden = false
    readTokens.textContent = `Read all tokens (${formatCount(Math.round(run.traceBytes / 2 ** 20))} MB)`
  } else void readPositions()

  function drawPositions(size: ChartSize): DrawnChart {
    if (positions && positions.length >= run.columns.count * positionCount) {
      const all = positions
      const entropies = new Float32Array(rows.length * positionCount)
      for (const [index, row] of rows.entries())
        entropies.set(all.subarray(row * positionCount, (row + 1) * positionCount), index * positionCount)
      const correct = Uint8Array.from(rows, row => run.columns.correct[row]!)
      return drawPositionChart(svgDocument, { entropies, correct }, size)
    }
    const chart = createChart(svgDocument, size, 'Along the answer', positionsNote.join(' '))
    appendReason(chart, positionsNote)
    return { chart, selection: null }
  }

  async function readPositions(): Promise<void> {
    readTokens.hidden = true
    const { count } = run.columns
    const say = (text: string[]) => {
      positionsNote = text
      positionFigure.draw(null)
    }
    try {
      const tell = (done: number) => say([`Reading tokens: ${Math.round((100 * done) / count)} %`])
      positions = await run.readPositions(tell)
      positionFigure.draw(null)
    } catch {
      say(['The tokens', 'cannot be read'])
    }
  }

  function drawReliability(size: ChartSize): DrawnChart {
    const { calibration } = run.analysis
    const fit = calibration && (calibration[calibration.preferred] ?? calibration.platt)
    const all = run.columns.scores[calibratedScore] ?? new Float64Array(0)
    const values = all.filter(value => !Number.isNaN(value))
    return drawReliabilityChart(svgDocument, fit?.reliability ?? null, values, size)
  }

  function drawAll(): void {
    for (const figure of figures) figure.draw(range)
  }

  return {
    element,
    /** Draws the figures of `rows` by a score, with these scores marked. */
    show(nextRows: Int32Array, nextScore: string, nextRange: Marked): void {
      const isNewSize = run.columns.count * positionCount !== positions?.length
      if (isNewSize && positions && run.following) void readPositions()
      rows = nextRows
      score = nextScore
      range = nextRange
      data = scoreDataOf(run.columns, rows, score)
      drawAll()
    },
    destroy: endWidth,
  }
}

function scoreDataOf(columns: RunColumns, rows: Int32Array, score: string): ScoreData {
  const values = columns.scores[score]
  const present = values ? rows.filter(row => !Number.isNaN(values[row]!)) : new Int32Array(0)
  return {
    label: scoreLabels[score]?.axis ?? score,
    values: Float64Array.from(present, row => values![row]!),
    correct: Uint8Array.from(present, row => columns.correct[row]!),
  }
}
