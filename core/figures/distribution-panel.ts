import { area, curveStepAfter, line, max, median } from 'd3'
import { appendClassMarker } from './class-marker.ts'
import { entropyLabel, entropyTicks, meanEntropyScale, missingDistribution } from './entropy-axis.ts'
import type { EntropyScale } from './entropy-scale.ts'
import type { FigureData, FigureGroup } from './figure-data.ts'
import { type AnswerClass, classStyles } from './figure-theme.ts'
import { linearTicks } from './linear-ticks.ts'
import { appendBottomAxis, appendLeftAxis, appendMessage, appendNote, plot } from './panel.ts'
import { appendElement, type SvgElement } from './svg-element.ts'

/** A histogram of fewer answers than this would show their number rather than their distribution. */
const leastOfAHistogram = 10

interface Histogram {
  answerClass: AnswerClass
  /** Share of the class in each bin; the bins have equal width on the axis. */
  shares: number[]
  medianEntropyNats: number
}

/** Draws how mean entropy is distributed among correct and incorrect answers: histograms over each other, each of its own class. */
export function drawDistributionPanel(panel: SvgElement, data: FigureData): void {
  const missing = missingDistribution(data)
  if (missing) {
    appendMessage(panel, missing)
    return
  }
  const scale = meanEntropyScale(data, [0, plot.width])
  const total = data.groups[0].meanEntropies.length + data.groups[1].meanEntropies.length
  const binCount = Math.min(30, Math.max(10, Math.round(1.6 * Math.sqrt(total))))
  const present = data.groups.filter(group => group.meanEntropies.length > 0)
  const few = present.filter(group => group.meanEntropies.length < leastOfAHistogram)
  const histograms = present
    .filter(group => !few.includes(group))
    .map(group => makeHistogram(group, scale, binCount))
  appendBottomAxis(panel, entropyTicks(scale), entropyLabel('mean entropy of an answer', scale))
  const rows = few.map(({ answerClass }, row) => ({
    at: histograms.length > 0 ? plot.height - 14 : (plot.height * (row + 1)) / (few.length + 1),
    label: answerClass,
  }))
  if (histograms.length === 0) {
    appendLeftAxis(panel, rows)
  } else {
    const tallest = max(histograms, ({ shares }) => max(shares))!
    const percent = (share: number) => String(Math.round(share * 1000) / 10)
    const axis = linearTicks([0, tallest * 1.12], [plot.height, 0], percent)
    appendLeftAxis(panel, axis.ticks, 'share of the class (%)')
    for (const histogram of histograms) appendHistogram(panel, histogram, scale, axis.position)
  }
  few.forEach(({ answerClass, meanEntropies }, row) => {
    for (const value of meanEntropies) {
      appendClassMarker(panel, answerClass, scale.position(value), rows[row]!.at)
    }
  })
  const notes: string[] = []
  if (histograms.length > 0) notes.push('vertical lines: medians')
  if (few.length > 0) {
    const names = few.map(group => group.answerClass).join(' and ')
    notes.push(`${names}: fewer than ${leastOfAHistogram}, drawn one by one`)
  }
  appendNote(panel, notes.join('; '))
}

function makeHistogram(
  { answerClass, meanEntropies }: FigureGroup,
  scale: EntropyScale,
  binCount: number,
): Histogram {
  const shares = new Array<number>(binCount).fill(0)
  for (const value of meanEntropies) {
    const bin = Math.min(binCount - 1, Math.floor((scale.position(value) / plot.width) * binCount))
    shares[bin]! += 1 / meanEntropies.length
  }
  return { answerClass, shares, medianEntropyNats: median(meanEntropies)! }
}

function appendHistogram(
  panel: SvgElement,
  { answerClass, shares, medianEntropyNats }: Histogram,
  scale: EntropyScale,
  y: (share: number) => number,
): void {
  const style = classStyles[answerClass]
  const stroke = { stroke: style.color, 'stroke-dasharray': style.dash }
  const binX = (_: number, index: number) => (index * plot.width) / shares.length
  // Without a closing value the step of the last bin would have no width.
  const steps = [...shares, shares.at(-1)!]
  const surface = area<number>(binX, plot.height, y).curve(curveStepAfter).digits(2)
  const fill = { fill: style.fill, 'fill-opacity': style.fillOpacity }
  appendElement(panel, 'path', { d: surface(steps)!, ...fill })
  const outline = line<number>(binX, y).curve(curveStepAfter).digits(2)
  appendElement(panel, 'path', { d: outline(steps)!, fill: 'none', ...stroke, 'stroke-width': 1.6 })
  const x = scale.position(medianEntropyNats)
  appendElement(panel, 'line', { x1: x, x2: x, y1: 0, y2: plot.height, ...stroke, 'stroke-width': 2 })
  appendClassMarker(panel, answerClass, x, 6)
}
