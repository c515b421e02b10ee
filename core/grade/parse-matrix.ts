import { type AnswerStructure, type Kind, plainValue } from './answer-structure.ts'
import { splitTopLevel } from './latex-text.ts'

/** A matrix of texts, or a text that stands for a number. */
type Operand = { rows: string[][] } | { scalar: string }

const environment = String.raw`\\begin ?\{(?<kind>[pbBvV]?matrix\*?|smallmatrix|array)\}(?: ?\[[^\]]*\])?(?:\{[clr|@ ]*\})?([^]*?)\\end ?\{\k<kind>\}`
const block = new RegExp(String.raw`([([|]?) ?${environment} ?([)\]|]?)`)
const maximumSize = 8
/** Larger determinants have too many terms to be written out. */
const maximumDeterminant = 4

/**
 * Reads a matrix, or what is computed from matrices: multiples, sums, products, powers, transposes, inverses, determinants. Its
 * cells are texts of expressions. Null where the text holds no matrix or is not understood.
 */
export function parseMatrix(text: string): AnswerStructure | null {
  if (!text.includes('\\begin')) return null
  try {
    const operand = readSum(text)
    return 'rows' in operand ? matrixOf(operand.rows) : plainValue(operand.scalar)
  } catch (error) {
    if (error instanceof NotAMatrix) return null
    throw error
  }
}

class NotAMatrix extends Error {}

function matrixOf(rows: string[][]): Kind<'matrix'> {
  return { kind: 'matrix', rows: rows.map(row => row.map(cell => plainValue(cell))) }
}

/** Terms whose signs stand outside of brackets and environments. */
function readSum(text: string): Operand {
  const split = splitTopLevel(text, new Set(['+', '-']))
  if (split === null) throw new NotAMatrix()
  const terms = split.parts.flatMap((term, place) => {
    if (term === '' && place === 0) return []
    const operand = readProduct(term)
    return split.found[place - 1] === '-' ? multiply({ scalar: '-1' }, operand) : operand
  })
  if (terms.length === 0) throw new NotAMatrix()
  return terms.reduce(add)
}

function readProduct(text: string): Operand {
  let rest = text.trim()
  const operands: Operand[] = []
  while (rest !== '') {
    const match = block.exec(rest)
    if (match === null) {
      operands.push({ scalar: rest.replace(/^\*|^\\cdot|^\\times/, '') })
      break
    }
    const [whole, open, kind, inside, close] = match as unknown as [string, string, string, string, string]
    const before = rest
      .slice(0, match.index)
      .replace(/(?:\\cdot|\\times|\*) ?$/, '')
      .trim()
    const isDeterminantSign = /\\det ?\(?$/.test(before)
    if (before !== '') {
      const scalar = before.replace(/\\det ?\(?$/, '').trim()
      if (/\\begin|\\end/.test(scalar)) throw new NotAMatrix()
      if (scalar !== '') operands.push({ scalar })
    }
    if (!['', '()', '[]', '||'].includes(open + close)) throw new NotAMatrix()
    if (inside.includes('\\begin')) throw new NotAMatrix()
    let operand: Operand = { rows: readRows(inside) }
    if (isDeterminantSign || open === '|' || /^[vV]/.test(kind))
      operand = { scalar: determinant(operand.rows) }
    rest = rest.slice(match.index + whole.length).trim()
    if (isDeterminantSign) rest = rest.replace(/^\)/, '')
    const power = /^\^ ?(?:\{ ?([^{}]*(?:\\top|\{T\})?) ?\}|(-?\w|\\top|\\intercal))/.exec(rest)
    if (power) {
      rest = rest.slice(power[0].length).trim()
      operand = raise(
        operand,
        (power[1] ?? power[2])!.replace(/\\text ?\{?T\}?|\\top|\\intercal|\\mathsf ?T/, 'T').trim(),
      )
    }
    operands.push(operand)
  }
  if (operands.length === 0) throw new NotAMatrix()
  return operands.reduce(multiply)
}

function readRows(inside: string): string[][] {
  const rows = inside
    .replace(/\\hline/g, '')
    .split(/\\\\(?:\[[^\]]*\])?/)
    .filter((row, place, all) => place < all.length - 1 || row.trim() !== '')
    .map(row => row.split('&').map(cell => cell.trim()))
  const [first] = rows
  if (!first || rows.length > 12 || first.length > 12) throw new NotAMatrix()
  if (rows.some(row => row.length !== first.length || row.includes(''))) throw new NotAMatrix()
  return rows
}

function add(a: Operand, b: Operand): Operand {
  if ('scalar' in a && 'scalar' in b) return { scalar: `(${a.scalar})+(${b.scalar})` }
  if ('scalar' in a || 'scalar' in b) throw new NotAMatrix()
  if (a.rows.length !== b.rows.length || a.rows[0]!.length !== b.rows[0]!.length) throw new NotAMatrix()
  return { rows: a.rows.map((row, y) => row.map((cell, x) => `(${cell})+(${b.rows[y]![x]})`)) }
}

function multiply(a: Operand, b: Operand): Operand {
  if ('scalar' in a && 'scalar' in b) return { scalar: `(${a.scalar})*(${b.scalar})` }
  if ('scalar' in b) return multiply(b, a)
  if ('scalar' in a) return { rows: b.rows.map(row => row.map(cell => `(${a.scalar})*(${cell})`)) }
  const [inner, width] = [a.rows[0]!.length, b.rows[0]!.length]
  if (inner !== b.rows.length || Math.max(inner, width, a.rows.length) > maximumSize) throw new NotAMatrix()
  const cell = (row: string[], x: number) => row.map((left, k) => `(${left})*(${b.rows[k]![x]})`).join('+')
  return { rows: a.rows.map(row => Array.from({ length: width }, (_, x) => cell(row, x))) }
}

function raise(operand: Operand, exponent: string): Operand {
  if ('scalar' in operand) return { scalar: `(${operand.scalar})^{${exponent}}` }
  const { rows } = operand
  if (exponent === 'T' || exponent === 't') return { rows: transpose(rows) }
  if (rows.length !== rows[0]!.length) throw new NotAMatrix()
  if (exponent === '-1') {
    if (rows.length > 3) throw new NotAMatrix()
    const value = determinant(rows)
    const cofactor = (y: number, x: number) =>
      `(${(x + y) % 2 === 0 ? '' : '-1)*('}${determinant(minor(rows, y, x))})`
    return { rows: rows.map((row, y) => row.map((_, x) => `(${cofactor(x, y)})/(${value})`)) }
  }
  const times = Number(exponent)
  if (!Number.isInteger(times) || times < 1 || times > 4 || rows.length > 3) throw new NotAMatrix()
  return Array.from({ length: times - 1 }, () => operand as Operand).reduce(multiply, operand)
}

function transpose(rows: string[][]): string[][] {
  return rows[0]!.map((_, x) => rows.map(row => row[x]!))
}

function minor(rows: string[][], y: number, x: number): string[][] {
  return rows.filter((_, place) => place !== y).map(row => row.filter((_, place) => place !== x))
}

/** Laplace's expansion along the first row, as text. */
function determinant(rows: string[][]): string {
  if (rows.length !== rows[0]?.length && rows.length > 0) throw new NotAMatrix()
  if (rows.length > maximumDeterminant) throw new NotAMatrix()
  if (rows.length === 0) return '1'
  if (rows.length === 1) return rows[0]![0]!
  return rows[0]!
    .map((cell, x) => `${x % 2 === 0 ? '+' : '-'}(${cell})*(${determinant(minor(rows, 0, x))})`)
    .join('')
}
