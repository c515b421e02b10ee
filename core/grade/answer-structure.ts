/** An end of an interval, as the answer writes it; `\infty` included. */
export interface Endpoint {
  text: string
  isClosed: boolean
}

export interface Interval {
  low: Endpoint
  high: Endpoint
}

/** How an answer is built of values, each of which is the text of one expression. */
export type AnswerStructure = Structure & {
  /** What stands before the equals sign of what is no single value: the A:B of A:B = 3:7, the P of P = (1, 2). */
  label?: string
}

type Structure =
  | Value
  /** With its brackets, so that (1, 2] is a pair and an interval. */
  | { kind: 'tuple'; open: '(' | '['; close: ')' | ']'; items: AnswerStructure[] }
  /** Without order: {1, 2}, and lists as 1, 2 or 1 and 2 and ±1, which say how often an item occurs. */
  | { kind: 'set'; isList: boolean; items: AnswerStructure[] }
  | { kind: 'intervals'; variable: string | null; intervals: Interval[] }
  | { kind: 'matrix'; rows: AnswerStructure[][] }
  | { kind: 'ratio'; terms: string[] }
  /** `left = right`, or `left > right`, or `left ≥ right`, where no side is an unknown alone. */
  | { kind: 'condition'; sign: '=' | '>' | '≥' | '≠'; left: string; right: string }
  /** `x ≡ residue (mod modulus)` */
  | { kind: 'congruence'; variable: string | null; residue: string; modulus: string }
  /** A letter to choose with the value that it stands for: (D) 44. */
  | { kind: 'choice'; letter: string; value: AnswerStructure }

/** One value, and what stands before its equals sign: the x of `x = 5`, the |PQ| of `|PQ| = 31`. */
export interface Value {
  kind: 'value'
  text: string
  name: string | null
  /** Whether the name is an expression, so that `a + b = 31` is an equation too. */
  isEquation: boolean
}

/** A structure of one kind. */
export type Kind<K extends AnswerStructure['kind']> = Extract<AnswerStructure, { kind: K }>

/** The items where none of them is null; null where one is. */
export function allOrNull<Item>(items: readonly (Item | null)[]): Item[] | null {
  return items.includes(null) ? null : (items as Item[])
}

/** A value without a name. */
export function plainValue(text: string, name: string | null = null, isEquation = false): Value {
  return { kind: 'value', text, name, isEquation }
}

/** Items without order: of a list, which says how often each occurs, or of a set in braces. */
export function setOf(items: AnswerStructure[], isList = true): Kind<'set'> {
  return { kind: 'set', isList, items }
}

/** Items in order, in parentheses unless other brackets are given. */
export function tupleOf(items: AnswerStructure[]): Kind<'tuple'> {
  return { kind: 'tuple', open: '(', close: ')', items }
}
