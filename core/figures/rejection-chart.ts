import { line, scaleLinear } from 'd3'
import { formatPercentTick } from '../format-number.ts'
import { type RejectionPoint, rejectionCurve } from '../study/statistics/selective-prediction.ts'
import {
  appendRemark,
  type ChartSize,
  type DrawnChart,
  drawChart,
  drawWithAxes,
  linearTicks,
  shareTicks,
} from './chart.ts'
import { ink, mutedInk } from './figure-theme.ts'
import { missingClass, orderAnswers, type ScoreData, selectByOrder } from './score-data.ts'
import { appendElement, type SvgDocument } from './svg-element.ts'

/** Draws the accuracy that is left when the answers of greatest score are rejected, with what an oracle and chance reach. */
export function drawRejectionChart(document: SvgDocument, data: ScoreData, size: ChartSize): DrawnChart {
  const description = `Accuracy of what is kept, by ${data.label}`
  return drawChart(document, size, 'Rejection', description, missingClass(data), chart => {
    const { area, width, height } = chart
    const { ties, sorted } = orderAnswers(data)
    const points = rejectionCurve(ties)
    const accuracy = 1 - ties.totalMarked / ties.total
    const least = Math.min(...points.map(point => point.accuracy), accuracy)
    const x = scaleLinear().domain([0, 1]).range([0, width])
    const y = linearTicks([Math.max(0, least - 0.05 * (1 - least)), 1.02], [height, 0], share =>
      formatPercentTick(share),
    )
    const bottom = { ticks: shareTicks(x), label: 'least certain answers rejected (%)' }
    drawWithAxes(chart, bottom, { ticks: y.ticks.filter(tick => tick.at >= 0) }, () => {
      // Whoever knows the errors rejects them first.
      const oracle = line<number>(x, rejected => y.position(Math.min(1, accuracy / (1 - rejected))))
      const dotted = { fill: 'none', stroke: mutedInk, 'stroke-dasharray': '2 3' }
      const shares = Array.from({ length: 50 }, (_, index) => (index / 49) * (1 - accuracy))
      appendElement(area, 'path', { d: oracle.digits(1)([...shares, 1 - accuracy, 0.999])!, ...dotted })
      const chance = { x1: 0, x2: width, y1: y.position(accuracy), y2: y.position(accuracy) }
      appendElement(area, 'line', { ...chance, ...dotted })
      const curve = line<RejectionPoint>(
        point => x(point.rejectedShare),
        point => y.position(point.accuracy),
      ).digits(1)
      appendElement(area, 'path', { d: curve(points)!, fill: 'none', stroke: ink, 'stroke-width': 1.6 })
    })
    appendRemark(chart, '% correct; dotted: oracle, chance')
    return selectByOrder(
      sorted,
      place => (1 - x.invert(place)) * sorted.length,
      count => x(1 - count / sorted.length),
    )
  })
}
