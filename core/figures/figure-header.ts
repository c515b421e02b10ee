import type { Analysis } from '../analyse/analysis.ts'
import { appendClassMarker } from './class-marker.ts'
import type { FigureData } from './figure-data.ts'
import { ink, mutedInk } from './figure-theme.ts'
import { formatNumber } from './format-number.ts'
import { appendElement, type SvgElement } from './svg-element.ts'

export const headerHeight = 112

/** A longer title would run out of the figure. */
const mostTitleCharacters = 76

/** Draws the run's title, its sizes, accuracy and AUROC with intervals, and the legend. */
export function drawFigureHeader(
  figure: SvgElement,
  data: FigureData,
  analysis: Analysis,
  title: string,
): void {
  const characters = [
    ...(title === '' ? 'Token entropy and correctness' : `Token entropy and correctness: ${title}`),
  ]
  const heading =
    characters.length > mostTitleCharacters
      ? `${characters.slice(0, mostTitleCharacters - 1).join('')}…`
      : characters.join('')
  appendElement(figure, 'text', { x: 16, y: 36, fill: ink, 'font-size': 22, 'font-weight': 'bold' }, heading)
  const facts = [sizeFact(analysis), accuracyFact(analysis), aurocFact(analysis)].join(' · ')
  appendElement(figure, 'text', { x: 16, y: 63, fill: ink, 'font-size': 14 }, facts)

  let x = 23
  for (const { answerClass, meanEntropies } of data.groups) {
    appendClassMarker(figure, answerClass, x, 84, 5.5)
    const label = `${answerClass} (${meanEntropies.length.toLocaleString('en')})`
    appendElement(figure, 'text', { x: x + 13, y: 89, fill: ink, 'font-size': 13 }, label)
    x += 46 + label.length * 8
  }
  if (data.omitted > 0) {
    const remark = `not drawn: ${data.omitted.toLocaleString('en')} that failed or have no entropy`
    appendElement(figure, 'text', { x, y: 89, fill: mutedInk, 'font-size': 13 }, remark)
  }
}

function sizeFact({ total }: Analysis): string {
  return `n = ${total.toLocaleString('en')}`
}

function accuracyFact({ accuracy: { value, low, high } }: Analysis): string {
  if (value === null || low === null || high === null) return 'accuracy undefined'
  const percent = (share: number) => (share * 100).toFixed(1)
  return `accuracy ${percent(value)} % (95 % interval ${percent(low)} to ${percent(high)} %)`
}

function aurocFact({ auroc: { value, low, high, p } }: Analysis): string {
  if (value === null || p === null) return 'AUROC undefined: one class only'
  const interval =
    low === null || high === null ? 'no interval' : `95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}`
  return `AUROC of entropy for errors ${value.toFixed(3)} (${interval}, p = ${formatNumber(p)})`
}
