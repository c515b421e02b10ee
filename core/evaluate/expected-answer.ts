import { lastBoxed } from '../grade/boxed-answer.ts'
import { referenceAnswer } from '../grade/grade-answer.ts'
import { cellText, describeCell, isStructure, itemsOfListText } from './cell.ts'

/** What a data set's cell says of the answer. */
export type ExpectedAnswer =
  /** `solution` is the text that the answer ends, null where the cell holds the answer alone. */
  | { answer: string; solution: string | null }
  /** Why nothing can be expected, completing "found ..."; `isMissing` where the data set has no answer. */
  | { found: string; isMissing: boolean; remedy: string }

/** MATH writes some boxes without braces: `\boxed 2$`. */
const unbracedBox = /\\boxed\s+([^{}$\s][^$\n]{0,200}?)\s*\.?\s*(?:\$|$)(?![\s\S]*\\boxed)/

const missingValue =
  /^(?:#?N\/A|#NA|<NA>|n\/a|NA|[-+]?(?:nan|NaN|NAN)|None|null|Null|NULL|NaT|undefined|-{1,3}|–|—|\?)$/

/** A number with what it counts behind it, as ASDiv writes: "9 (pieces)". A modulus is no unit. */
const countedNumber =
  /^([-+−]?[$€£]?\s?\d[\d,]*(?:\.\d+)?(?:\s?\/\s?\d+)?\s?%?)\s*\((?!mod\b)[\p{L}°][\p{L}\s.°²³/%-]*\)$/u

/** Where prose says its answer: "The answer is 12", "A: 12". What follows is the answer, to the end of the line. */
const statedAnswer = /(?:\banswer\s*(?:is\b|[:=])|(?:^|\s)(?:A|Ans|Answer)\s*:)[\s:*]*([^\n]*)/gi

/** Whether a text is what programs write where they have no value, as "NA". "None" may also be meant, written otherwise. */
export function isMissingValue(text: string): boolean {
  return missingValue.test(text.trim())
}

/** The answer that a cell names: alone, in its last box, after `####`, or as prose states it at its end. */
export function readExpectedAnswer(cell: unknown): ExpectedAnswer {
  const value = onlyItem(cell)
  if (Array.isArray(value))
    return unclear(
      `${describeCell(value)}: it holds lists`,
      'Whether one of them is enough or all are needed the file does not say: write one answer, or name another column with --answer-column',
    )
  if (isStructure(value) || value instanceof Uint8Array)
    return unclear(
      `${describeCell(value)}: it holds structures`,
      'Name the part that is the answer with --answer-column COLUMN.PART, or another column',
    )
  const text = cellText(value)
  if (text.trim() === '') return missing('none')
  if (isMissingValue(text)) return missing(`"${text.trim()}", which programs write where they have none`)
  const boxed = lastBoxed(text) ?? unbracedBox.exec(text)?.[1] ?? null
  const isAlone = boxed === null && !text.includes('####')
  const answer = boxed ?? (isAlone ? text.trim() : referenceAnswer(text))
  if (boxed !== null || !isProse(answer)) {
    if (answer === '') return missing('none behind its mark')
    return { answer: (countedNumber.exec(answer)?.[1] ?? answer).trim(), solution: isAlone ? null : text }
  }
  const stated = lastStated(text)
  if (stated !== null) return { answer: stated, solution: text }
  return unclear(
    `prose that names no final answer, ${describeCell(text)}`,
    'Write the answer alone, in \\boxed{} or after ####, or name a column of answers with --answer-column',
  )
}

function unclear(found: string, remedy: string): ExpectedAnswer {
  return { found, isMissing: false, remedy }
}

function missing(found: string): ExpectedAnswer {
  return {
    found,
    isMissing: true,
    remedy:
      'Fill it in (a word that is meant as it stands: \\text{None}), remove the row, or name another column with --answer-column',
  }
}

/** A list of one is its item, also as text, and so is a list that repeats one value. */
function onlyItem(cell: unknown): unknown {
  const items = Array.isArray(cell) ? cell : typeof cell === 'string' ? itemsOfListText(cell) : null
  if (items === null) return cell
  const [first, ...others] = items
  return others.every(item => cellText(first) !== '' && cellText(item) === cellText(first))
    ? onlyItem(first)
    : items
}

/** Whether a text is sentences, and so no answer alone: it would be compared as a whole, and nothing would equal it. */
export function isProse(text: string): boolean {
  const said = text.replace(/\$[^$]*\$|\\\((?:(?!\\\)).){0,1000}\\\)|\\[a-z]+/gis, ' 0 ')
  const words = said.match(/\p{L}{2,}/gu)?.length ?? 0
  const isSeveral = /(?:\p{L}{3}|[\d)])[.!?]["')]*\s+["'(]*\p{L}/u.test(said) || /[。！？]\s*\S/u.test(said)
  const isSentence = /^\s*\p{L}/u.test(said) && /\d/.test(said) && /[.!。]$/.test(said.trimEnd())
  return (
    (isSeveral && (words >= 5 || said.length > 100)) ||
    (isSentence && words >= 3) ||
    (/\n/.test(said.trim()) && words >= 8) ||
    words > 25
  )
}

function lastStated(text: string): string | null {
  const [, line = ''] = [...text.matchAll(statedAnswer)].at(-1) ?? []
  const sentence = line.split(/[.!?。]["')*]*(?=\s|$)/, 1)[0]!
  const answer = sentence.replace(/^[\s*$]+|[\s*$.,;]+$/g, '')
  return answer === '' || isProse(answer) ? null : answer
}
