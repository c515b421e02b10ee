import { findMath, trimSpacing } from './latex-text.ts'

/** Which of several boxes count: all that stand side by side, as the parts of one answer, or the last one alone. */
export type SeveralBoxes = 'all' | 'last'

/** An answer in one or several boxes, and where in the text they stand. */
export interface BoxedAnswer {
  answer: string
  start: number
  end: number
}

interface Box {
  start: number
  contentStart: number
  contentEnd: number
  end: number
  /** Whether another box that holds something begins inside. */
  holdsBox: boolean
}

/** What one box says with all that stands around it in its formula. */
interface Part {
  value: string
  /** The x of `x = \boxed{5}`. */
  name: string | null
  /** Where the side of the formula begins that the value is, so that two boxes of one side are told from those of two. */
  sideStart: number
}

/** More boxes side by side are no answer. */
const maximumParts = 60

/** So far around a box its formula is looked at. */
const maximumContext = 2_000

/**
 * The answer in the last box of a text, `\boxed{}`, `\fbox{}` or `\framebox{}`, that holds something; null if there is none. Of
 * nested boxes the inner counts. What stands around the box in the same formula and changes its value belongs to the answer: from
 * `k = -\boxed{48}` it is -48. Boxes with nothing but "and", commas and names between them are parts of one answer, `4, 7`,
 * unless only the last is wanted. A box without braces, `\boxed 5`, counts if no other does.
 */
export function findBoxed(text: string, severalBoxes: SeveralBoxes = 'all'): BoxedAnswer | null {
  const boxes = findBoxes(text)
  const innermost = boxes.filter(box => !box.holdsBox)
  const last = innermost.at(-1)
  if (last === undefined) return unbracedBox(text)
  const group = [last]
  if (severalBoxes === 'all')
    for (let index = innermost.length - 2; index >= 0 && group.length < maximumParts; index--) {
      const box = innermost[index]!
      if (!isConnector(text.slice(box.end, Math.min(group[0]!.start, box.end + 300)))) break
      if (group[0]!.start - box.end > 300) break
      group.unshift(box)
    }
  return { answer: joined(text, group, boxes), start: group[0]!.start, end: last.end }
}

/** The answer that `findBoxed` finds, without its place. */
export function lastBoxed(text: string, severalBoxes: SeveralBoxes = 'all'): string | null {
  return findBoxed(text, severalBoxes)?.answer ?? null
}

/** All closed boxes with something in them, by where they begin. One pass, so the time is linear in the text. */
function findBoxes(text: string): Box[] {
  /** For each open brace the place of its box, and where its content begins; null for a brace that belongs to no box. */
  const open: ({ start: number; contentStart: number } | null)[] = []
  const boxes: Box[] = []
  const tokens =
    /\\{1,2}(?:boxed|fbox|framebox|bbox)\s{0,8}(?:\[[^[\]{}\n]{0,40}\]\s{0,8}){0,2}\{|\\[\s\S]|[{}]/g
  let lastStart = -1
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (token[0] === '{') open.push(null)
    else if (token[0] === '}') {
      const opening = open.pop()
      if (!opening || text.slice(opening.contentStart, token.index).trim() === '') continue
      const { start, contentStart } = opening
      boxes.push({
        start,
        contentStart,
        contentEnd: token.index,
        end: tokens.lastIndex,
        holdsBox: lastStart > start,
      })
      lastStart = Math.max(lastStart, start)
    } else if (token[0].endsWith('{') && token[0].length > 2)
      open.push({ start: token.index, contentStart: tokens.lastIndex })
  }
  return boxes.sort((a, b) => a.start - b.start)
}

const unbraced = /\\{1,2}(?:boxed|fbox)(?![a-zA-Z{])\s{0,8}(?=[^\s{}$\\]|\\[dt]?frac|\\sqrt|\\text|\\pi)/g

function unbracedBox(text: string): BoxedAnswer | null {
  let last: RegExpExecArray | null = null
  for (const match of text.matchAll(unbraced)) last = match
  if (last === null) return null
  const start = last.index + last[0].length
  const rest = text.slice(start, start + 300)
  // To the end of the formula, as MATH writes it, else what TeX would take, with the digits that follow.
  const content =
    /^([^$\n]{1,200}?)\s{0,8}\.?\s{0,8}(?:\$|\\[)\]]|$)/.exec(rest)?.[1] ??
    /^(?:[-+]?\d[\d.,]*(?<=\d)|\\[a-z]+(?:\s?\{[^{}]{0,80}\}){1,2}|\\[dt]?frac\d\d|\\pi|[a-zA-Z])/.exec(
      rest,
    )?.[0]
  if (content === undefined || /[a-z]{2,} [a-z]{2,}/i.test(content)) return null
  return { answer: trimSpacing(content), start: last.index, end: start + content.length }
}

const connector = new RegExp(
  [
    String.raw`\s+|[,;&$]|\\\\|\\[,;:! ()[\]]|~|\*\*|\b(?:and|or|both)\b`,
    String.raw`\\q?quad(?![a-z])|\\(?:text|mathrm|textrm|mbox)\s?\{[^{}]{0,40}\}|\\(?:left|right)(?![a-z])|\\(?:lor|land)(?![a-z])`,
    String.raw`\^\s?(?:\\circ|\{\s?\\circ\s?\})|°|\\?%|(?<=\n\s{0,8})[-*•]\s`,
    String.raw`(?:\\[a-zA-Z]+|[a-zA-Z]\w{0,2})(?:_\{?\w{1,8}\}?)?'?(?:\(\w{1,3}\))?\s{0,4}&?\s{0,4}(?:=|:)&?`,
  ].join('|'),
  'y',
)

/** Whether there is nothing but "and", commas, spaces, delimiters, units and the names of values between two boxes. */
function isConnector(between: string): boolean {
  let at = 0
  while (at < between.length) {
    connector.lastIndex = at
    const match = connector.exec(between)
    if (match === null) return false
    at += match[0].length
  }
  return true
}

function joined(text: string, group: Box[], boxes: Box[]): string {
  const parts = group.map(box => readAround(text, box, boxes))
  const sides = parts.filter((part, index) => part.sideStart !== parts[index - 1]?.sideStart)
  if (sides.length === 1) return sides[0]!.value
  const names = new Set(sides.map(({ name }) => name))
  const areNamed = !names.has(null) && names.size === sides.length
  return [...new Set(sides.map(({ name, value }) => (areNamed ? `${name} = ${value}` : value)))].join(', ')
}

/** Stand for the box in question and for any other in a formula. */
const [own, others] = ['\uE001', '\uE000']

/** The value of the box, or of the side of an equation that it is only a part of. */
function readAround(text: string, box: Box, boxes: Box[]): Part {
  const content = trimSpacing(text.slice(box.contentStart, box.contentEnd))
  const bare: Part = { value: content, name: null, sideStart: box.start }
  const formula = formulaAround(text, box, boxes)
  if (formula === null) return bare
  const inside = boxes.filter(
    ({ start, end, holdsBox }) => !holdsBox && start >= formula.start && end <= formula.end,
  )
  if (inside.length > maximumParts) return bare
  /** The formula with a sign for each box. */
  let source = ''
  let end = formula.start
  for (const other of inside) {
    source += text.slice(end, other.start) + (other === box ? own : others)
    end = other.end
  }
  source += text.slice(end, formula.end)
  const side = sideWith(source, source.indexOf(own))
  if (side === null) return bare
  const name = formula.isMath ? plainName(side.before) : null
  const around = withoutNeutral(side.text, formula.isMath)
  if (around === own) return { ...bare, name }
  const before = inside.filter(({ start }) => start < box.start).length
  const skipped = side.text.slice(0, side.text.indexOf(own)).split(others).length - 1
  let next = before - skipped
  const value = around.replace(/(\w?)[\uE000\uE001](?=(\w?))/g, (_, before: string, after: string) => {
    const { contentStart, contentEnd } = inside[next++]!
    const isGlued = /\d/.test(before) || (after !== '' && /\d/.test(after))
    return before + grouped(trimSpacing(text.slice(contentStart, contentEnd)), isGlued)
  })
  // What is boxed as an equation or in words is the whole answer.
  if (/=|\\text|[,;]/.test(content) && value !== content) return { ...bare, name }
  return { value: trimSpacing(value), name, sideStart: formula.start + side.start }
}

/** With parentheses if it would read otherwise in its place. */
function grouped(content: string, isGlued: boolean): string {
  const isSimple = !isGlued && /^(?:[\w.]+|\\[a-zA-Z]+(?:\{[^{}]*\}){0,2}|\d[\d.,]*)$/.test(content)
  return isSimple ? content : `(${content})`
}

interface Formula {
  start: number
  end: number
  isMath: boolean
}

/** The formula that a box stands in: a box around it, math delimiters, else what is not prose beside it. Null if it is too long. */
function formulaAround(text: string, box: Box, boxes: Box[]): Formula | null {
  const outer = boxes.findLast(({ start, end, holdsBox }) => holdsBox && start < box.start && end >= box.end)
  if (outer !== undefined) {
    const { contentStart: start, contentEnd: end } = outer
    return end - start > 2 * maximumContext ? null : { start, end, isMath: true }
  }
  const from = Math.max(0, box.start - maximumContext)
  const context = text.slice(from, box.end + maximumContext)
  const place = box.start - from
  const segment = findMath(context).segments.find(({ start, end }) => start <= place && end > place)
  if (segment !== undefined) {
    const start = from + segment.contentStart
    return { start, end: start + segment.content.length, isMath: true }
  }
  const line = context.slice(0, place).split('\n').at(-1)!.slice(-200)
  const before = line.split(/(?<=\s)/)
  let count = before.findLastIndex(isProse) + 1
  // A dash behind a word, or at the beginning of a line, is no minus.
  if (/^[-–*•] /.test(before[count] ?? '')) count++
  const start = box.start - before.slice(count).join('').length
  const behind = text
    .slice(box.end, box.end + 200)
    .split('\n', 1)[0]!
    .split(/(?=\s)/)
  const proseAt = behind.findIndex(isProse)
  const end = box.end + behind.slice(0, proseAt === -1 ? undefined : proseAt).join('').length
  return { start, end, isMath: false }
}

/** Whether a word of a line ends a formula that has no delimiters. */
function isProse(piece: string): boolean {
  return /[a-z]{2,}/i.test(piece.replace(/\\[a-z]+/gi, '')) || /[.,;:!?$]\s*$|\*\*|^\s*$/.test(piece)
}

const sideEnds =
  /\\\\|\\(?:approx|leq?|geq?|neq?|lt|gt|equiv|in|implies|iff|(?:[lL]ong)?[rR]ightarrow|to|therefore|q?quad|sim)(?![a-zA-Z])|[=<>≤≥≈≠≡⇒→∈;\n]|,(?!\d{3}(?!\d))|:(?=\s)|\\(?:text|mathrm|mbox|textrm|textbf)\s?\{[^{}]{0,200}\}|\\(?:begin|end)\{[^{}]{0,40}\}(?:\{[^{}]{0,10}\})?|\\[\s\S]|[{}()[\]]|\uE001/g
const matrix = /\{(?:[pbvBV]?matrix|smallmatrix|cases|array)\}/

/** The side of an equation that holds the doubled sign, and what stands before its equals sign; null if brackets do not close. */
function sideWith(source: string, place: number): { text: string; start: number; before: string } | null {
  let depth = 0
  let depthOfPlace = -1
  /** Where the sides end that lie outside all brackets around the place. */
  const ends: { start: number; end: number; sign: string }[] = []
  for (const { 0: sign, index } of source.matchAll(sideEnds)) {
    if (index === place) depthOfPlace = depth
    else if (/^(?:[{([]|\\\{|\\\[|\\\()$/.test(sign) || (sign.startsWith('\\begin') && matrix.test(sign)))
      depth++
    else if (/^(?:[})\]]|\\\}|\\\]|\\\))$/.test(sign) || (sign.startsWith('\\end') && matrix.test(sign))) {
      if (--depth < 0) return null
    } else if (depth === 0 && !/^\\[^a-zA-Z\\]$/.test(sign)) {
      if (/^\\[a-zA-Z]$/.test(sign)) continue
      ends.push({ start: index, end: index + sign.length, sign })
    }
  }
  if (depth !== 0 || depthOfPlace === -1) return null
  const left = ends.findLast(({ end }) => end <= place)
  const right = ends.find(({ start }) => start > place)
  const start = left?.end ?? 0
  const isNamed = left?.sign === '=' || left?.sign === ':'
  const before = isNamed ? source.slice(ends[ends.indexOf(left) - 1]?.end ?? 0, left.start) : ''
  return { text: source.slice(start, right?.start), start, before }
}

function plainName(text: string): string | null {
  const name = trimSpacing(text.replaceAll('&', ''))
  return /^(?:\\[a-zA-Z]+|[a-zA-Z]{1,2})(?:_\{?\w{1,8}\}?)?'?(?:\(\w{1,3}\))?$/.test(name) ? name : null
}

/** Without what changes no value: spacing, degrees, marks of an end, brackets around the whole. */
function withoutNeutral(side: string, isMath: boolean): string {
  let text = side
    .replace(
      /\\(?:displaystyle|textstyle|left\.|right\.|left|right|checkmark|blacksquare|square|qed|big[lr]?|Big[lr]?|limits|bf|rm)(?![a-zA-Z])/g,
      '',
    )
    .replace(/\\(?:tag|pmod|color|phantom)\s?\{[^{}]*\}/g, '')
    .replace(/\^\s?(?:\\circ|\{\s?\\circ\s?\})|°|\\degree(?![a-zA-Z])/g, '')
  for (;;) {
    const before = text
    text = trimSpacing(text)
      .replace(/^(?:\\?[$€£]|\*\*|&)|(?:[.!?✓✔&]|\*\*)$/, sign => (sign === '!' && isMath ? sign : ''))
      .replace(/^\{([^{}]*)\}$|^\(([^()]*)\)$|^\[([^[\]]*)\]$/, (_, a, b, c) =>
        (a ?? b ?? c).includes(',') ? _ : (a ?? b ?? c),
      )
    if (text === before) break
  }
  if (isMath || /[-−+*/×÷·^√{(|]\s*\uE001|\uE001\s*[/^*×÷·+%]/.test(text)) return text
  return own
}
