import { area, curveStepAfter, line, max, median } from 'd3'
import {
  appendReason,
  appendRemark,
  appendXAxis,
  appendYAxis,
  type ChartSize,
  createChart,
  type DrawnChart,
} from './chart.ts'
import { appendClassMarker } from './class-marker.ts'
import { classStyles } from './figure-theme.ts'
import { linearTicks } from './linear-ticks.ts'
import { missingScores, type ScoreData, scoreGroups, scoreScale } from './score-data.ts'
import { selectByScore } from './select-by-score.ts'
import { appendElement, type SvgDocument } from './svg-element.ts'

/** Draws how a score is distributed among the correct and among the incorrect answers. */
export function drawDistributionChart(document: SvgDocument, data: ScoreData, size: ChartSize): DrawnChart {
  const chart = createChart(document, size, 'Distribution', `Share of each class by ${data.label}`)
  const missing = missingScores(data)
  if (missing) {
    appendReason(chart, missing)
    return { chart, selection: null }
  }
  const { width, height } = chart
  const x = scoreScale(data, [0, width])
  const binCount = Math.min(40, Math.max(8, Math.round(1.6 * Math.sqrt(data.values.length))))
  const histograms = scoreGroups(data)
    .filter(({ meanEntropies }) => meanEntropies.length > 0)
    .map(({ answerClass, meanEntropies: values }) => {
      const shares = new Array<number>(binCount).fill(0)
      for (const value of values) {
        const bin = Math.min(binCount - 1, Math.floor((x.position(value) / width) * binCount))
        shares[bin]! += 1 / values.length
      }
      return { answerClass, shares, middle: median(values)! }
    })
  const y = linearTicks([0, max(histograms, ({ shares }) => max(shares))! * 1.1], [height, 0], share =>
    String(Math.round(share * 1000) / 10),
  )
  appendYAxis(chart, y.ticks)
  for (const { answerClass, shares, middle } of histograms) {
    const { color, dash, fill, fillOpacity } = classStyles[answerClass]
    const stroke = { stroke: color, 'stroke-dasharray': dash, 'stroke-width': 1.4 }
    const binX = (_: number, index: number) => (index * width) / binCount
    // Without a closing value the step of the last bin would have no width.
    const steps = [...shares, shares.at(-1)!]
    const solid =
      answerClass === 'correct'
        ? { fill, 'fill-opacity': fillOpacity }
        : { fill: color, 'fill-opacity': 0.12 }
    appendElement(chart.area, 'path', {
      d: area<number>(binX, height, y.position).curve(curveStepAfter).digits(1)(steps)!,
      ...solid,
    })
    appendElement(chart.area, 'path', {
      d: line<number>(binX, y.position).curve(curveStepAfter).digits(1)(steps)!,
      fill: 'none',
      ...stroke,
    })
    const at = x.position(middle)
    appendElement(chart.area, 'line', { x1: at, x2: at, y1: 8, y2: height, ...stroke })
    appendClassMarker(chart.area, answerClass, at, 5, { radius: 3.6, opacity: 1 })
  }
  appendXAxis(chart, x.ticks, x.label)
  appendRemark(chart, '% of class; lines: medians')
  return { chart, selection: selectByScore(x, 'x') }
}
