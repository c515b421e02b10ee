import { area, line, quantileSorted } from 'd3'
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
import { entropyTicks } from './entropy-axis.ts'
import { entropyScale } from './entropy-scale.ts'
import { positionCount } from './figure-data.ts'
import { classStyles } from './figure-theme.ts'
import { linearTicks } from './linear-ticks.ts'
import { appendElement, type SvgDocument } from './svg-element.ts'

/** The token entropies of answers along their length. */
export interface PositionData {
  /** Mean entropy of each of `positionCount` parts of every answer, nats: [answer][part]; NaN without tokens. */
  entropies: Float32Array
  /** 1 or 0, of every answer. */
  correct: Uint8Array
}

interface Position {
  part: number
  lower: number
  middle: number
  upper: number
}

/** Draws entropy along the answers, from the first token to the last: for each class the median answer and the middle half. */
export function drawPositionChart(document: SvgDocument, data: PositionData, size: ChartSize): DrawnChart {
  const description = 'Median and middle half of token entropy from the first token to the last, by class'
  const chart = createChart(document, size, 'Along the answer', description)
  const profiles = (['correct', 'incorrect'] as const)
    .map(answerClass => ({ answerClass, positions: profileOf(data, answerClass === 'correct' ? 1 : 0) }))
    .filter(({ positions }) => positions.length > 0)
  if (profiles.length === 0) {
    appendReason(chart, ['No tokens', 'were recorded'])
    return { chart, selection: null }
  }
  const { width, height } = chart
  const x = linearTicks([0, 100], [0, width], String)
  const values = profiles.flatMap(({ positions }) =>
    positions.flatMap(({ lower, middle, upper }) => [lower, middle, upper]),
  )
  const y = entropyScale(values, [height, 0])
  appendYAxis(chart, entropyTicks(y))
  const at = ({ part }: Position) => x.position(((part + 0.5) / positionCount) * 100)
  for (const { answerClass, positions } of profiles) {
    const band = area<Position>(
      at,
      ({ lower }) => y.position(lower),
      ({ upper }) => y.position(upper),
    ).digits(1)
    const fill = { fill: classStyles[answerClass].color, 'fill-opacity': 0.13 }
    appendElement(chart.area, 'path', { d: band(positions)!, ...fill })
  }
  for (const { answerClass, positions } of profiles) {
    const { color, dash } = classStyles[answerClass]
    const median = line<Position>(at, ({ middle }) => y.position(middle)).digits(1)
    const stroke = { stroke: color, 'stroke-width': 1.6, 'stroke-dasharray': dash }
    appendElement(chart.area, 'path', { d: median(positions)!, fill: 'none', ...stroke })
    for (const position of positions)
      if (position.part % 4 === 0)
        appendClassMarker(chart.area, answerClass, at(position), y.position(position.middle), {
          radius: 2.6,
          opacity: 1,
        })
  }
  appendXAxis(chart, x.ticks, 'position in the answer (%)')
  appendRemark(chart, `nats${y.kind === 'log' ? ', log' : ''}; median, half`)
  return { chart, selection: null }
}

function profileOf({ entropies, correct }: PositionData, wanted: 0 | 1): Position[] {
  const rows: number[] = []
  for (const [row, value] of correct.entries())
    if (value === wanted && !Number.isNaN(entropies[row * positionCount]!)) rows.push(row)
  if (rows.length === 0) return []
  return Array.from({ length: positionCount }, (_, part) => {
    const sorted = Array.from(Float32Array.from(rows, row => entropies[row * positionCount + part]!).sort())
    const [lower, middle, upper] = [0.25, 0.5, 0.75].map(share => quantileSorted(sorted, share)!)
    return { part, lower: lower!, middle: middle!, upper: upper! }
  })
}
