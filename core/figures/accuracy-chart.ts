import { line, scaleLinear } from 'd3'
import { seededRandom } from '../seeded-random.ts'
import type { Analysis } from '../study/analysis.ts'
import { hasSeveralAnswers } from '../study/preferred-intervals.ts'
import { type Interval, wilsonInterval } from '../study/statistics/intervals.ts'
import {
  appendRemark,
  type Chart,
  type ChartSize,
  type DrawnChart,
  drawChart,
  drawWithAxes,
  shareTicks,
} from './chart.ts'
import type { ScoreScale } from './entropy-scale.ts'
import { type ClassScores, type FigureData, meanEntropyScale } from './figure-data.ts'
import { appendClassMarker, evenlyChosen, ink, mostPoints, pointLook } from './figure-theme.ts'
import { missingScores, type ScoreData, scoreGroups, scoreScale, selectByScore } from './score-data.ts'
import { appendElement, type SvgDocument } from './svg-element.ts'

/** Answers of neighbouring mean entropy: their median, nats, and the share that is correct with its Wilson interval. */
export interface AccuracyBin {
  medianEntropyNats: number
  accuracy: number
  interval: Interval
}

/** Answers a bin holds at least: with fewer, its interval spans nearly everything. */
const leastOfABin = 12
const mostBins = 10

/** How the answers lie in strips above an accuracy of 1, the correct ones, and below 0, and how the curve is drawn. */
const looks = {
  chart: {
    mostPoints: 400,
    mostClearPoints: 150,
    domain: [-0.16, 1.16],
    strips: { correct: 1.09, incorrect: -0.09 },
    stripHeight: 0.1,
    curve: { digits: 1, width: 1.4 },
    interval: { stroke: ink },
    side: 5,
  },
  panel: {
    mostPoints,
    mostClearPoints: 300,
    domain: [-0.28, 1.28],
    strips: { correct: 1.17, incorrect: -0.17 },
    stripHeight: 0.16,
    curve: { digits: 2, width: 1.6 },
    interval: { stroke: ink, 'stroke-width': 1.3 },
    side: 7,
  },
} as const

/** Draws the share that is correct among answers of like score, and the answers as points above and below. */
export function drawAccuracyChart(document: SvgDocument, data: ScoreData, size: ChartSize): DrawnChart {
  const description = `Share of correct answers by ${data.label}`
  return drawChart(document, size, 'Accuracy', description, missingScores(data), chart => {
    const x = scoreScale(data, [0, chart.width])
    const groups = scoreGroups(data)
    const bins = accuracyBins({ groups })
    const remark = bins.length > 0 ? '% correct, 95 % intervals' : 'too few for a curve'
    drawAccuracy(chart, groups, x, bins, remark)
    return selectByScore(x)
  })
}

/** Draws mean entropy against correctness: every answer as a point, and the share correct among answers of like entropy. */
export function drawAccuracyPanel(panel: Chart, data: FigureData, analysis: Analysis): void {
  const x = meanEntropyScale(data, [0, panel.width], 'mean entropy of an answer')
  const absent = data.groups.find(group => group.meanEntropies.length === 0)
  const bins = absent ? [] : accuracyBins(data)
  const isCurve = bins.length > 1
  const independence = hasSeveralAnswers(analysis) ? ', answers as independent' : ''
  const remark = isCurve
    ? `squares: accuracy in bins of equal size, 95 % interval${independence}`
    : 'too few distinct answers for a curve of accuracy'
  const oneClass = absent && `no ${absent.answerClass} answers: accuracy is the same everywhere`
  drawAccuracy(panel, data.groups, x, isCurve ? bins : [], oneClass ?? remark)
}

function drawAccuracy(
  chart: Chart,
  groups: readonly ClassScores[],
  x: ScoreScale,
  bins: readonly AccuracyBin[],
  remark: string,
): void {
  const { area, kind, height } = chart
  const look = looks[kind]
  const y = scaleLinear().domain(look.domain).range([height, 0])
  drawWithAxes(chart, x, { ticks: shareTicks(y), label: 'correct answers (%)' }, () => {
    const random = seededRandom(1)
    for (const { answerClass, meanEntropies } of groups) {
      const values = evenlyChosen(meanEntropies, look.mostPoints)
      const marker = pointLook(kind, values.length, look.mostClearPoints)
      for (const value of values) {
        const at = y(look.strips[answerClass] + (random() - 0.5) * look.stripHeight)
        appendClassMarker(area, answerClass, x.position(value), at, marker)
      }
    }
    if (kind === 'panel') appendRemark(chart, remark)
    if (bins.length === 0) return
    const curve = line<AccuracyBin>(
      bin => x.position(bin.medianEntropyNats),
      bin => y(bin.accuracy),
    ).digits(look.curve.digits)
    const stroke = { stroke: ink, 'stroke-width': look.curve.width }
    appendElement(area, 'path', { d: curve(bins)!, fill: 'none', ...stroke })
    for (const { medianEntropyNats, accuracy, interval } of bins) {
      const at = x.position(medianEntropyNats)
      const ends = { y1: y(interval.low), y2: y(interval.high) }
      appendElement(area, 'line', { x1: at, x2: at, ...ends, ...look.interval })
      const corner = { x: at - look.side / 2, y: y(accuracy) - look.side / 2 }
      appendElement(area, 'rect', { ...corner, width: look.side, height: look.side, fill: ink })
    }
  })
  if (kind === 'chart') appendRemark(chart, remark)
}

/** Bins of about as many answers each, equal entropies in one bin; none when the answers do not fill two. */
export function accuracyBins(data: { groups: readonly ClassScores[] }): AccuracyBin[] {
  const answers = data.groups
    .flatMap(({ answerClass, meanEntropies }) =>
      meanEntropies.map(entropy => ({ entropy, correct: answerClass === 'correct' })),
    )
    .sort((first, second) => first.entropy - second.entropy)
  const binCount = Math.min(mostBins, Math.floor(answers.length / leastOfABin))
  if (binCount < 2) return []
  const bins: AccuracyBin[] = []
  let start = 0
  for (let bin = 1; bin <= binCount; bin++) {
    let end = Math.round((bin * answers.length) / binCount)
    while (end < answers.length && answers[end]!.entropy === answers[end - 1]!.entropy) end++
    if (end - start < leastOfABin / 2) continue
    const members = answers.slice(start, end)
    const correct = members.filter(member => member.correct).length
    bins.push({
      medianEntropyNats: members[members.length >> 1]!.entropy,
      accuracy: correct / members.length,
      interval: wilsonInterval(correct, members.length)!,
    })
    start = end
  }
  return bins
}
