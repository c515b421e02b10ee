import { line, scaleLinear } from 'd3'
import type { TieGroups } from '../study/statistics/ranks.ts'
import {
  appendRemark,
  type ChartSize,
  type DrawnChart,
  drawChart,
  drawWithAxes,
  shareTicks,
} from './chart.ts'
import { ink, mutedInk } from './figure-theme.ts'
import { missingClass, orderAnswers, type ScoreData, selectByOrder } from './score-data.ts'
import { appendElement, type SvgDocument } from './svg-element.ts'

/** More points than pixels show nothing more. */
const mostPoints = 400

/** Draws the receiver operating characteristic of a score for errors, with the area under it. */
export function drawRocChart(document: SvgDocument, data: ScoreData, size: ChartSize): DrawnChart {
  const description = `Errors found against false alarms, by ${data.label}`
  return drawChart(document, size, 'ROC', description, missingClass(data), chart => {
    const { area, width, height } = chart
    const { ties, sorted } = orderAnswers(data)
    const points = rocCurve(ties)
    const pointAt = (flagged: number) => points.find(point => point.flagged >= flagged) ?? points.at(-1)!
    const x = scaleLinear().domain([0, 1]).range([0, width])
    const y = scaleLinear().domain([0, 1]).range([height, 0])
    const bottom = { ticks: shareTicks(x), label: 'correct answers flagged (%)' }
    drawWithAxes(chart, bottom, { ticks: shareTicks(y) }, () => {
      const chance = { x1: 0, y1: height, x2: width, y2: 0, stroke: mutedInk, 'stroke-dasharray': '2 3' }
      appendElement(area, 'line', chance)
      const step = Math.ceil(points.length / mostPoints)
      const drawn = points.filter((_, index) => index % step === 0 || index === points.length - 1)
      const curve = line<RocPoint>(
        point => x(point.falsePositiveRate),
        point => y(point.truePositiveRate),
      ).digits(1)
      appendElement(area, 'path', { d: curve(drawn)!, fill: 'none', stroke: ink, 'stroke-width': 1.6 })
    })
    appendRemark(chart, `% of errors flagged; area ${areaUnder(points).toFixed(3)}`)
    return selectByOrder(
      sorted,
      place => sorted.length - flaggedAt(points, x.invert(place)),
      count => x(pointAt(sorted.length - count).falsePositiveRate),
    )
  })
}

interface RocPoint {
  /** Answers whose score is at least the threshold. */
  flagged: number
  /** Share of the correct answers that are flagged. */
  falsePositiveRate: number
  /** Share of the incorrect answers that are flagged. */
  truePositiveRate: number
}

/**
 * The receiver operating characteristic of a score for errors: a point for each threshold, from none flagged to all (Fawcett
 * 2006, doi 10.1016/j.patrec.2005.10.010). Equal scores are one step, so that the area below is the AUROC with ties half.
 * Marked are the incorrect answers; both classes have members.
 */
function rocCurve({ sizes, marked, total, totalMarked }: TieGroups): RocPoint[] {
  const points: RocPoint[] = [{ flagged: 0, falsePositiveRate: 0, truePositiveRate: 0 }]
  let flagged = 0
  let errors = 0
  for (let group = sizes.length - 1; group >= 0; group--) {
    flagged += sizes[group]!
    errors += marked[group]!
    points.push({
      flagged,
      falsePositiveRate: (flagged - errors) / (total - totalMarked),
      truePositiveRate: errors / totalMarked,
    })
  }
  return points
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
