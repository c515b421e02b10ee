import { quantileSorted, scalePoint } from 'd3'
import type { Analysis } from '../analyse/analysis.ts'
import { intervalsToRead } from '../analyse/intervals-to-read.ts'
import { seededRandom } from '../seeded-random.ts'
import { appendClassMarker, pointLook } from './class-marker.ts'
import { entropyLabel, entropyTicks, meanEntropyScale, missingDistribution } from './entropy-axis.ts'
import type { EntropyScale } from './entropy-scale.ts'
import { evenlyChosen } from './evenly-chosen.ts'
import type { FigureData, FigureGroup } from './figure-data.ts'
import { type AnswerClass, classStyles, ink, mutedInk } from './figure-theme.ts'
import { formatNumber, formatP } from './format-number.ts'
import { appendBottomAxis, appendLeftAxis, appendMessage, appendNote, plot } from './panel.ts'
import { appendElement, type SvgElement } from './svg-element.ts'

/** The quartiles of fewer answers than this are hardly more than the answers. */
const leastOfABox = 5
const boxWidth = 64
const pointsOffset = 72
const pointsWidth = 44

/** Draws a box plot of mean entropy for each class, its answers as points beside it. */
export function drawBoxPlotPanel(panel: SvgElement, data: FigureData, analysis: Analysis): void {
  const missing = missingDistribution(data)
  if (missing) {
    appendMessage(panel, missing)
    return
  }
  const scale = meanEntropyScale(data, [plot.height, 0])
  const center = scalePoint<AnswerClass>(['correct', 'incorrect'], [0, plot.width]).padding(0.5)
  appendLeftAxis(panel, entropyTicks(scale), entropyLabel('mean entropy', scale))
  const ticks = data.groups.map(({ answerClass, meanEntropies }) => ({
    at: center(answerClass)!,
    label: `${answerClass} (n = ${meanEntropies.length.toLocaleString('en')})`,
  }))
  appendBottomAxis(panel, ticks, 'verdict', false)

  const random = seededRandom(2)
  for (const group of data.groups) {
    const x = center(group.answerClass)!
    const look = pointLook(group.meanEntropies.length)
    for (const entropy of evenlyChosen(group.meanEntropies)) {
      const jitter = (random() - 0.5) * pointsWidth
      appendClassMarker(panel, group.answerClass, x + pointsOffset + jitter, scale.position(entropy), look)
    }
    if (group.meanEntropies.length >= leastOfABox) {
      appendBox(panel, group, x, scale)
    } else {
      const remark = group.meanEntropies.length === 0 ? 'none' : `n < ${leastOfABox}`
      const place = { x, y: plot.height / 2, 'text-anchor': 'middle', fill: mutedInk, 'font-size': 13 }
      // The white rim keeps the grid lines from striking the remark through.
      const rim = { stroke: '#ffffff', 'stroke-width': 5, 'paint-order': 'stroke' }
      appendElement(panel, 'text', { ...place, ...rim }, remark)
    }
  }
  const { hedgesG } = analysis.entropyNats
  const { p, pName } = intervalsToRead(analysis).auroc
  const few = data.groups.some(
    group => group.meanEntropies.length < leastOfABox && group.meanEntropies.length > 0,
  )
  if (few) {
    appendNote(panel, `no box with fewer than ${leastOfABox} answers`)
  } else if (hedgesG !== null) {
    const test = p === null ? '' : `, ${pName} ${formatP(p)}`
    const { low = null, high = null } = analysis.intervals.hedgesG ?? {}
    const interval = low === null || high === null ? '' : ` (${formatNumber(low)} to ${formatNumber(high)})`
    appendNote(panel, `Hedges' g = ${formatNumber(hedgesG)}${interval}${test}`)
  }
}

/** A box from quartile to quartile, a line at the median, whiskers to the last answers within 1.5 interquartile ranges (Tukey). */
function appendBox(panel: SvgElement, group: FigureGroup, x: number, scale: EntropyScale): void {
  const sorted = group.meanEntropies.toSorted((first, second) => first - second)
  const lower = quantileSorted(sorted, 0.25)!
  const middle = quantileSorted(sorted, 0.5)!
  const upper = quantileSorted(sorted, 0.75)!
  const reach = 1.5 * (upper - lower)
  const whiskers = [
    sorted.find(value => value >= lower - reach)!,
    sorted.findLast(value => value <= upper + reach)!,
  ]
  const style = classStyles[group.answerClass]
  const stroke = { stroke: style.color, 'stroke-width': 1.6 }
  whiskers.forEach((value, index) => {
    const end = scale.position(value)
    const start = scale.position(index === 0 ? lower : upper)
    appendElement(panel, 'line', {
      x1: x,
      x2: x,
      y1: start,
      y2: end,
      ...stroke,
      'stroke-dasharray': style.dash,
    })
    appendElement(panel, 'line', { x1: x - boxWidth / 4, x2: x + boxWidth / 4, y1: end, y2: end, ...stroke })
  })
  const top = scale.position(upper)
  const box = { x: x - boxWidth / 2, y: top, width: boxWidth, height: scale.position(lower) - top }
  const fill = { fill: style.fill, 'fill-opacity': style.fillOpacity }
  appendElement(panel, 'rect', { ...box, ...fill, ...stroke, 'stroke-dasharray': style.dash })
  const line = {
    x1: x - boxWidth / 2,
    x2: x + boxWidth / 2,
    y1: scale.position(middle),
    y2: scale.position(middle),
  }
  appendElement(panel, 'line', { ...line, stroke: ink, 'stroke-width': 2.6 })
}
