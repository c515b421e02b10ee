import { line, scaleLinear } from 'd3'
import type { Analysis } from '../analyse/analysis.ts'
import { hasSeveralAnswers } from '../analyse/intervals-to-read.ts'
import { seededRandom } from '../seeded-random.ts'
import { accuracyBins } from './accuracy-bins.ts'
import { appendClassMarker, pointLook } from './class-marker.ts'
import { entropyLabel, entropyTicks, meanEntropyScale, missingDistribution } from './entropy-axis.ts'
import { evenlyChosen } from './evenly-chosen.ts'
import type { FigureData } from './figure-data.ts'
import { ink } from './figure-theme.ts'
import { appendBottomAxis, appendLeftAxis, appendMessage, appendNote, plot } from './panel.ts'
import { appendElement, type SvgElement } from './svg-element.ts'

/** Where the single answers lie, in units of accuracy: above 1 the correct ones, below 0 the others. */
const strips = { correct: 1.17, incorrect: -0.17 } as const
const stripHeight = 0.16

/** Draws mean entropy against correctness: every answer as a point, and the share correct among answers of like entropy. */
export function drawAccuracyPanel(panel: SvgElement, data: FigureData, analysis: Analysis): void {
  const missing = missingDistribution(data)
  if (missing) {
    appendMessage(panel, missing)
    return
  }
  const x = meanEntropyScale(data, [0, plot.width])
  const y = scaleLinear().domain([-0.28, 1.28]).range([plot.height, 0])
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(share => ({ at: y(share), label: String(share * 100) }))
  appendBottomAxis(panel, entropyTicks(x), entropyLabel('mean entropy of an answer', x))
  appendLeftAxis(panel, ticks, 'correct answers (%)')

  const random = seededRandom(1)
  for (const { answerClass, meanEntropies } of data.groups) {
    const look = pointLook(meanEntropies.length)
    for (const entropy of evenlyChosen(meanEntropies)) {
      const jitter = (random() - 0.5) * stripHeight
      appendClassMarker(panel, answerClass, x.position(entropy), y(strips[answerClass] + jitter), look)
    }
  }
  const absent = data.groups.find(group => group.meanEntropies.length === 0)
  if (absent) {
    appendNote(panel, `no ${absent.answerClass} answers: accuracy is the same everywhere`)
    return
  }
  const bins = accuracyBins(data)
  if (bins.length < 2) {
    appendNote(panel, 'too few distinct answers for a curve of accuracy')
    return
  }
  const remark = hasSeveralAnswers(analysis) ? ', answers as independent' : ''
  appendNote(panel, `squares: accuracy in bins of equal size, 95 % interval${remark}`)
  const curve = line<(typeof bins)[number]>(
    bin => x.position(bin.medianEntropyNats),
    bin => y(bin.accuracy),
  ).digits(2)
  appendElement(panel, 'path', { d: curve(bins)!, fill: 'none', stroke: ink, 'stroke-width': 1.6 })
  for (const bin of bins) {
    const center = x.position(bin.medianEntropyNats)
    const ends = { y1: y(bin.interval.low), y2: y(bin.interval.high) }
    appendElement(panel, 'line', { x1: center, x2: center, ...ends, stroke: ink, 'stroke-width': 1.3 })
    appendElement(panel, 'rect', {
      x: center - 3.5,
      y: y(bin.accuracy) - 3.5,
      width: 7,
      height: 7,
      fill: ink,
    })
  }
}
