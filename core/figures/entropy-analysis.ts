import { formatCount, formatP, formatPercent, percentDigits } from '../format-number.ts'
import type { Analysis } from '../study/analysis.ts'
import { isPart, partWarning } from '../study/coverage.ts'
import { hasSeveralAnswers, preferredIntervals } from '../study/preferred-intervals.ts'
import { drawAccuracyPanel } from './accuracy-chart.ts'
import { drawBoxPlotPanel } from './box-chart.ts'
import { appendPanel, appendReason, createSvg, panelSize } from './chart.ts'
import { drawDistributionPanel } from './distribution-chart.ts'
import { type FigureData, missingDistribution } from './figure-data.ts'
import { appendClassMarker, classStyles, hatchId, ink, mostPoints, mutedInk } from './figure-theme.ts'
import { drawTokenPositionPanel } from './position-chart.ts'
import { appendElement, type SvgDocument, type SvgElement } from './svg-element.ts'

/** Height of the header of a whole run, pixels. */
const plainHeaderHeight = 130
const partLineHeight = 17
/** So many of the widest letters fill a line. */
const mostLineCharacters = 92

/** A longer title would run out of the figure. */
const mostTitleCharacters = 110

const footerHeight = 34

/** Size of the figure, pixels. */
export const figureSize = {
  width: 2 * panelSize.width,
  /** Of a whole run; a part's has lines that say so besides. */
  height: plainHeaderHeight + 2 * panelSize.height + footerHeight,
} as const

/**
 * Draws a run's four panels: the distribution of mean entropy by correctness, mean entropy against correctness, box plots,
 * and entropy along the tokens. `analysis` is of the same samples; `title` names the run (model and data set).
 * The same data gives the same drawing. A panel that has nothing to show says why.
 * Returns an SVG element that is not yet part of the document.
 */
export function drawEntropyAnalysis(
  document: SvgDocument,
  data: FigureData,
  analysis: Analysis,
  title = '',
): SvgElement {
  const { width } = figureSize
  const upper = plainHeaderHeight + partLines(analysis).length * partLineHeight
  const height = upper + 2 * panelSize.height + footerHeight
  const figure = createSvg(document, { width, height })
  appendElement(figure, 'title', {}, `Token entropy and correctness${title === '' ? '' : `: ${title}`}`)
  appendHatch(figure)
  appendElement(figure, 'rect', { x: 0, y: 0, width, height, fill: '#ffffff' })
  drawFigureHeader(figure, data, analysis, title)

  const right = panelSize.width
  const lower = upper + panelSize.height
  const missing = missingDistribution(data)
  for (const [x, y, letter, name, draw] of [
    [0, upper, 'a', 'Distribution of mean entropy', drawDistributionPanel],
    [right, upper, 'b', 'Accuracy against mean entropy', drawAccuracyPanel],
    [0, lower, 'c', 'Mean entropy by verdict', drawBoxPlotPanel],
  ] as const) {
    const panel = appendPanel(figure, x, y, letter, name)
    if (missing) appendReason(panel, missing)
    else draw(panel, data, analysis)
  }
  drawTokenPositionPanel(appendPanel(figure, right, lower, 'd', 'Entropy along the answer'), data)

  const points = data.groups.some(group => group.meanEntropies.length > mostPoints)
    ? ` Points: ${formatCount(mostPoints)} of each class at most.`
    : ''
  const remark = `Entropy of the raw softmax over the whole vocabulary. An answer's mean is over all its tokens, the stop token included.${points}`
  appendElement(figure, 'text', { x: 16, y: height - 12, fill: mutedInk, 'font-size': 12 }, remark)
  return figure
}

function appendHatch(figure: SvgElement): void {
  const definitions = appendElement(figure, 'defs', {})
  const size = { width: 7, height: 7 }
  const turn = { patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }
  const pattern = appendElement(definitions, 'pattern', { id: hatchId, ...size, ...turn })
  const { color } = classStyles.incorrect
  appendElement(pattern, 'rect', { ...size, fill: color, 'fill-opacity': 0.1 })
  const stroke = { stroke: color, 'stroke-width': 1.4, 'stroke-opacity': 0.75 }
  appendElement(pattern, 'line', { x1: 1, x2: 1, y1: 0, y2: 7, ...stroke })
}

function partLines({ coverage }: Analysis): string[] {
  const lines: string[] = []
  // A line breaks between words, or within one that is longer than a line.
  const words = partWarning(coverage)?.match(new RegExp(`\\S{1,${mostLineCharacters}}`, 'gu')) ?? []
  for (const word of words) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= mostLineCharacters)
      lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

function drawFigureHeader(figure: SvgElement, data: FigureData, analysis: Analysis, title: string): void {
  const heading = { x: 16, y: 36, fill: ink, 'font-size': 22, 'font-weight': 'bold' }
  appendElement(figure, 'text', heading, 'Token entropy and correctness')
  const characters = [...title]
  const shown =
    characters.length > mostTitleCharacters
      ? `${characters.slice(0, mostTitleCharacters - 1).join('')}…`
      : title
  if (title !== '') appendElement(figure, 'text', { x: 16, y: 60, fill: mutedInk, 'font-size': 15 }, shown)
  const facts = [
    `n = ${formatCount(analysis.total)}${isPart(analysis.coverage) ? ` of ${formatCount(analysis.coverage.of)}` : ''}`,
    accuracyFact(analysis),
    aurocFact(analysis),
  ].join(' · ')
  appendElement(figure, 'text', { x: 16, y: 85, fill: ink, 'font-size': 14 }, facts)

  for (const [line, text] of partLines(analysis).entries()) {
    const place = { x: 16, y: 131 + line * partLineHeight, fill: ink, 'font-size': 12 }
    appendElement(figure, 'text', place, text)
  }

  let x = 23
  for (const { answerClass, meanEntropies } of data.groups) {
    appendClassMarker(figure, answerClass, x, 106)
    const label = `${answerClass} (${formatCount(meanEntropies.length)})`
    appendElement(figure, 'text', { x: x + 13, y: 111, fill: ink, 'font-size': 13 }, label)
    x += 46 + label.length * 8
  }
  const remarks = [
    hasSeveralAnswers(analysis)
      ? `answers to ${formatCount(analysis.problems)} problems, which the intervals above take as clusters`
      : '',
    data.omitted > 0 ? `not drawn: ${formatCount(data.omitted)} that failed or have no entropy` : '',
  ]
  const remark = remarks.filter(Boolean).join(' · ')
  if (remark !== '') appendElement(figure, 'text', { x, y: 111, fill: mutedInk, 'font-size': 13 }, remark)
}

function accuracyFact(analysis: Analysis): string {
  const { value, low, high } = preferredIntervals(analysis).accuracy
  if (value === null || low === null || high === null) return 'accuracy undefined'
  return `accuracy ${formatPercent(value)} (95 % interval ${percentDigits(low)} to ${formatPercent(high)})`
}

function aurocFact(analysis: Analysis): string {
  const { value, low, high, p } = preferredIntervals(analysis).auroc
  if (value === null) {
    const { entropyNats } = analysis
    const isEmpty = entropyNats.correct.n + entropyNats.incorrect.n === 0
    return `AUROC undefined: ${isEmpty ? 'no answers with entropy' : 'answers of one class only'}`
  }
  const interval =
    low === null || high === null ? 'no interval' : `95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}`
  return `AUROC of entropy for errors ${value.toFixed(3)} (${interval}${p === null ? '' : `, ${formatP(p)}`})`
}
