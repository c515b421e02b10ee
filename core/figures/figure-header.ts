import type { Analysis } from '../analyse/analysis.ts'
import { isPart, partWarning } from '../analyse/coverage.ts'
import { hasSeveralAnswers, intervalsToRead } from '../analyse/intervals-to-read.ts'
import { appendClassMarker } from './class-marker.ts'
import type { FigureData } from './figure-data.ts'
import { ink, mutedInk } from './figure-theme.ts'
import { formatP } from './format-number.ts'
import { appendElement, type SvgElement } from './svg-element.ts'

/** Of a whole run, pixels. */
export const plainHeaderHeight = 130
const partLineHeight = 17
/** So many of the widest letters fill a line. */
const mostLineCharacters = 92

/** A longer title would run out of the figure. */
const mostTitleCharacters = 110

/** Height of the header, pixels: of a part of a run it also says which. */
export function headerHeight(analysis: Analysis): number {
  return plainHeaderHeight + partLines(analysis).length * partLineHeight
}

/** What a reader of a part of a run must know, in lines. */
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

/** Draws what the figure is of, its sizes, accuracy and AUROC with intervals, and the legend. */
export function drawFigureHeader(
  figure: SvgElement,
  data: FigureData,
  analysis: Analysis,
  title: string,
): void {
  const heading = { x: 16, y: 36, fill: ink, 'font-size': 22, 'font-weight': 'bold' }
  appendElement(figure, 'text', heading, 'Token entropy and correctness')
  const characters = [...title]
  const shown =
    characters.length > mostTitleCharacters
      ? `${characters.slice(0, mostTitleCharacters - 1).join('')}…`
      : title
  if (title !== '') appendElement(figure, 'text', { x: 16, y: 60, fill: mutedInk, 'font-size': 15 }, shown)
  const facts = [
    `n = ${analysis.total.toLocaleString('en')}${isPart(analysis.coverage) ? ` of ${analysis.coverage.of.toLocaleString('en')}` : ''}`,
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
    const label = `${answerClass} (${meanEntropies.length.toLocaleString('en')})`
    appendElement(figure, 'text', { x: x + 13, y: 111, fill: ink, 'font-size': 13 }, label)
    x += 46 + label.length * 8
  }
  const remarks = [
    hasSeveralAnswers(analysis)
      ? `answers to ${analysis.problems.toLocaleString('en')} problems, which the intervals above take as clusters`
      : '',
    data.omitted > 0 ? `not drawn: ${data.omitted.toLocaleString('en')} that failed or have no entropy` : '',
  ]
  const remark = remarks.filter(Boolean).join(' · ')
  if (remark !== '') appendElement(figure, 'text', { x, y: 111, fill: mutedInk, 'font-size': 13 }, remark)
}

function accuracyFact(analysis: Analysis): string {
  const { value, low, high } = intervalsToRead(analysis).accuracy
  if (value === null || low === null || high === null) return 'accuracy undefined'
  const percent = (share: number) => (share * 100).toFixed(1)
  return `accuracy ${percent(value)} % (95 % interval ${percent(low)} to ${percent(high)} %)`
}

function aurocFact(analysis: Analysis): string {
  const { value, low, high, p } = intervalsToRead(analysis).auroc
  if (value === null) {
    const { entropyNats } = analysis
    const isEmpty = entropyNats.correct.n + entropyNats.incorrect.n === 0
    return `AUROC undefined: ${isEmpty ? 'no answers with entropy' : 'answers of one class only'}`
  }
  const interval =
    low === null || high === null ? 'no interval' : `95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}`
  return `AUROC of entropy for errors ${value.toFixed(3)} (${interval}${p === null ? '' : `, ${formatP(p)}`})`
}
