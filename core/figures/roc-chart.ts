import { line, scaleLinear } from 'd3'
import {
  appendReason,
  appendRemark,
  appendXAxis,
  appendYAxis,
  type ChartSize,
  createChart,
  type DrawnChart,
  shareTicks,
} from './chart.ts'
import { ink, mutedInk } from './figure-theme.ts'
import { rankScores } from './rank-data.ts'
import { type RocPoint, rocCurve } from './roc-curve.ts'
import { missingClass, type ScoreData } from './score-data.ts'
import { selectByRank } from './select-by-rank.ts'
import { appendElement, type SvgDocument } from './svg-element.ts'

/** More points than pixels show nothing more. */
const mostPoints = 400

/** Draws the receiver operating characteristic of a score for errors, with the area under it. */
export function drawRocChart(document: SvgDocument, data: ScoreData, size: ChartSize): DrawnChart {
  const chart = createChart(document, size, 'ROC', `Errors found against false alarms, by ${data.label}`)
  const missing = missingClass(data)
  if (missing) {
    appendReason(chart, missing)
    return { chart, selection: null }
  }
  const { area, width, height } = chart
  const { ties, sorted } = rankScores(data)
  const points = rocCurve(ties)
  const x = scaleLinear().domain([0, 1]).range([0, width])
  const y = scaleLinear().domain([0, 1]).range([height, 0])
  appendYAxis(chart, shareTicks(y))
  const chance = { x1: 0, y1: height, x2: width, y2: 0, stroke: mutedInk, 'stroke-dasharray': '2 3' }
  appendElement(area, 'line', chance)
  const step = Math.ceil(points.length / mostPoints)
  const drawn = points.filter((_, index) => index % step === 0 || index === points.length - 1)
  const curve = line<RocPoint>(
    point => x(point.falsePositiveRate),
    point => y(point.truePositiveRate),
  ).digits(1)
  appendElement(area, 'path', { d: curve(drawn)!, fill: 'none', stroke: ink, 'stroke-width': 1.6 })
  appendXAxis(chart, shareTicks(x), 'correct answers flagged (%)')
  appendRemark(chart, `% of errors flagged; area ${areaUnder(points).toFixed(3)}`)
  return {
    chart,
    selection: selectByRank(
      sorted,
      'x',
      place => sorted.length - flaggedAt(points, x.invert(place)),
      rank => x(pointOf(points, sorted.length - rank).falsePositiveRate),
    ),
  }
}

function areaUnder(points: readonly RocPoint[]): number {
  return points.slice(1).reduce((sum, { falsePositiveRate, truePositiveRate }, index) => {
    const before = points[index]!
    return (
      sum +
      ((falsePositiveRate - before.falsePositiveRate) * (truePositiveRate + before.truePositiveRate)) / 2
    )
  }, 0)
}

/** How many answers are flagged where so many correct ones are: between two thresholds in proportion. */
function flaggedAt(points: readonly RocPoint[], rate: number): number {
  const next = points.findIndex(point => point.falsePositiveRate >= rate)
  if (next <= 0) return 0
  const [before, after] = [points[next - 1]!, points[next]!]
  const span = after.falsePositiveRate - before.falsePositiveRate
  const share = span === 0 ? 1 : (rate - before.falsePositiveRate) / span
  return before.flagged + share * (after.flagged - before.flagged)
}

function pointOf(points: readonly RocPoint[], flagged: number): RocPoint {
  return points.find(point => point.flagged >= flagged) ?? points.at(-1)!
}
