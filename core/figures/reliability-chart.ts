import { line, scaleLinear } from 'd3'
import type { ReliabilityBin } from '../study/calibration/calibration.ts'
import {
  appendRemark,
  type ChartSize,
  type DrawnChart,
  drawChart,
  drawWithAxes,
  shareTicks,
} from './chart.ts'
import { ink, mutedInk } from './figure-theme.ts'
import { selectByOrder } from './score-data.ts'
import { appendElement, type SvgDocument } from './svg-element.ts'

/**
 * Draws a reliability diagram: the share correct against the predicted probability (`analysis.calibration`). `values` are
 * the mean entropies of all answers that took part: probabilities fall as they rise.
 */
export function drawReliabilityChart(
  document: SvgDocument,
  bins: readonly ReliabilityBin[] | null,
  values: Float64Array,
  size: ChartSize,
): DrawnChart {
  const description = 'Share of correct answers against the probability that mean entropy predicts'
  const missing = bins?.length ? null : ['Too few answers', 'to calibrate']
  return drawChart(document, size, 'Reliability', description, missing, chart => {
    const { area, width, height } = chart
    const x = scaleLinear().domain([0, 1]).range([0, width])
    const y = scaleLinear().domain([0, 1]).range([height, 0])
    const sortedBins = [...(bins ?? [])].sort((first, second) => first.predicted - second.predicted)
    const bottom = { ticks: shareTicks(x), label: 'predicted from mean entropy (%)' }
    drawWithAxes(chart, bottom, { ticks: shareTicks(y) }, () => {
      const diagonal = { x1: 0, y1: height, x2: width, y2: 0, stroke: mutedInk, 'stroke-dasharray': '2 3' }
      appendElement(area, 'line', diagonal)
      const curve = line<ReliabilityBin>(
        bin => x(bin.predicted),
        bin => y(bin.observed),
      ).digits(1)
      appendElement(area, 'path', { d: curve(sortedBins)!, fill: 'none', stroke: ink, 'stroke-width': 1.4 })
      for (const { predicted, observed, low, high } of sortedBins) {
        const at = x(predicted)
        appendElement(area, 'line', { x1: at, x2: at, y1: y(low), y2: y(high), stroke: ink })
        appendElement(area, 'rect', { x: at - 2.5, y: y(observed) - 2.5, width: 5, height: 5, fill: ink })
      }
    })
    appendRemark(chart, '% correct, 95 % intervals')

    // The answers of the bins, the least certain first.
    const total = sortedBins.reduce((sum, bin) => sum + bin.n, 0)
    const before = (place: number) =>
      sortedBins.reduce((sum, bin) => sum + (x(bin.predicted) < place ? bin.n : 0), 0)
    const placeOf = (count: number) => {
      let left = ((values.length - count) / values.length) * total
      for (const bin of sortedBins) {
        if (left < bin.n) return x(bin.predicted)
        left -= bin.n
      }
      return width
    }
    const countAt = (place: number) => (1 - before(place) / total) * values.length
    return selectByOrder(Float64Array.from(values).sort(), countAt, placeOf)
  })
}
