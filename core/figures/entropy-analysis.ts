import type { Analysis } from '../analyse/analysis.ts'
import { drawAccuracyPanel } from './accuracy-panel.ts'
import { drawBoxPlotPanel } from './box-plot-panel.ts'
import { drawDistributionPanel } from './distribution-panel.ts'
import { mostPoints } from './evenly-chosen.ts'
import type { FigureData } from './figure-data.ts'
import { drawFigureHeader, headerHeight, plainHeaderHeight } from './figure-header.ts'
import { classStyles, fontFamily, hatchId, mutedInk } from './figure-theme.ts'
import { appendPanel, panelSize } from './panel.ts'
import { appendElement, type SvgDocument, type SvgElement, svgNamespace } from './svg-element.ts'
import { drawTokenPositionPanel } from './token-position-panel.ts'

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
  const figure = document.createElementNS(svgNamespace, 'svg')
  const { width } = figureSize
  const upper = headerHeight(analysis)
  const height = upper + 2 * panelSize.height + footerHeight
  const attributes = {
    xmlns: svgNamespace,
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'font-family': fontFamily,
  }
  for (const [name, value] of Object.entries(attributes)) figure.setAttribute(name, String(value))
  appendElement(figure, 'title', {}, `Token entropy and correctness${title === '' ? '' : `: ${title}`}`)
  appendHatch(figure)
  appendElement(figure, 'rect', { x: 0, y: 0, width, height, fill: '#ffffff' })
  drawFigureHeader(figure, data, analysis, title)

  const right = panelSize.width
  const lower = upper + panelSize.height
  drawDistributionPanel(appendPanel(figure, 0, upper, 'a', 'Distribution of mean entropy'), data)
  drawAccuracyPanel(appendPanel(figure, right, upper, 'b', 'Accuracy against mean entropy'), data, analysis)
  drawBoxPlotPanel(appendPanel(figure, 0, lower, 'c', 'Mean entropy by verdict'), data, analysis)
  drawTokenPositionPanel(appendPanel(figure, right, lower, 'd', 'Entropy along the answer'), data)

  const points = data.groups.some(group => group.meanEntropies.length > mostPoints)
    ? ` Points: ${mostPoints.toLocaleString('en')} of each class at most.`
    : ''
  const remark = `Entropy of the raw softmax over the whole vocabulary. An answer's mean is over all its tokens, the stop token included.${points}`
  appendElement(figure, 'text', { x: 16, y: height - 12, fill: mutedInk, 'font-size': 12 }, remark)
  return figure
}

function appendHatch(figure: SvgElement): void {
  const definitions = appendElement(figure, 'defs', {})
  const pattern = appendElement(definitions, 'pattern', {
    id: hatchId,
    width: 7,
    height: 7,
    patternUnits: 'userSpaceOnUse',
    patternTransform: 'rotate(45)',
  })
  const { color } = classStyles.incorrect
  appendElement(pattern, 'rect', { width: 7, height: 7, fill: color, 'fill-opacity': 0.1 })
  appendElement(pattern, 'line', {
    x1: 1,
    x2: 1,
    y1: 0,
    y2: 7,
    stroke: color,
    'stroke-width': 1.4,
    'stroke-opacity': 0.75,
  })
}
