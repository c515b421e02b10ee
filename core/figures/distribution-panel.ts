import { area, curveStepAfter, max, median } from 'd3'
import { appendClassMarker } from './class-marker.ts'
import { entropyLabel, entropyTicks, meanEntropyScale, missingDistribution } from './entropy-axis.ts'
import type { FigureData } from './figure-data.ts'
import { classStyles, ink } from './figure-theme.ts'
import { linearTicks } from './linear-ticks.ts'
import { appendBottomAxis, appendLeftAxis, appendMessage, appendNote, plot } from './panel.ts'
import { appendElement, type SvgElement } from './svg-element.ts'

/** A histogram of fewer answers than this would show their number rather than their distribution. */
const leastOfAHistogram = 10

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
  const binWidth = plot.width / binCount
  const histograms = data.groups
    .filter(group => group.meanEntropies.length >= leastOfAHistogram)
    .map(({ answerClass, meanEntropies }) => {
      const shares = new Array<number>(binCount).fill(0)
      for (const value of meanEntropies) {
        const bin = Math.min(binCount - 1, Math.floor(scale.position(value) / binWidth))
        shares[bin]! += 1 / meanEntropies.length
      }
      return { answerClass, shares, median: median(meanEntropies)! }
    })
  const axis = linearTicks(
    [0, (max(histograms, ({ shares }) => max(shares)) ?? 0) * 1.12],
    [plot.height, 0],
    share => (share * 100).toFixed(0),
  )
  appendBottomAxis(panel, entropyTicks(scale), entropyLabel('mean entropy of an answer', scale))
  appendLeftAxis(panel, histograms.length > 0 ? axis.ticks : [], 'share of the class (%)')
  for (const { answerClass, shares, median: middle } of histograms) {
    const style = classStyles[answerClass]
    const outline = area<number>()
      .x((_, index) => index * binWidth)
      .y0(plot.height)
      .y1(share => axis.position(share))
      .curve(curveStepAfter)
      .digits(2)
    // A closing bin, or the step after the last one would have no width.
    const path = outline([...shares, shares.at(-1)!])!
    const fill = { fill: style.fill, 'fill-opacity': style.fillOpacity }
    appendElement(panel, 'path', {
      d: path,
      ...fill,
      stroke: style.color,
      'stroke-width': 1.6,
      'stroke-dasharray': style.dash,
    })
    const x = scale.position(middle)
    const line = {
      x1: x,
      x2: x,
      y1: 0,
      y2: plot.height,
      stroke: style.color,
      'stroke-width': 2,
      'stroke-dasharray': style.dash,
    }
    appendElement(panel, 'line', line)
    appendClassMarker(panel, answerClass, x, 4, 5)
  }
  const few = data.groups.filter(
    ({ meanEntropies }) => meanEntropies.length > 0 && meanEntropies.length < leastOfAHistogram,
  )
  few.forEach(({ answerClass, meanEntropies }, row) => {
    for (const value of meanEntropies) {
      appendClassMarker(panel, answerClass, scale.position(value), plot.height - 14 - 16 * row, 4.5)
    }
    const place = { x: plot.width - 4, y: 20 + 16 * row, 'text-anchor': 'end', fill: ink, 'font-size': 12 }
    appendElement(
      panel,
      'text',
      place,
      `${answerClass}: fewer than ${leastOfAHistogram} answers, each drawn alone`,
    )
  })
  if (histograms.length > 0) appendNote(panel, 'vertical lines: medians')
}
