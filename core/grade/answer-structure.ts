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
export type AnswerStructure =
  /** The variable is the x of `x = 5`. */
  | { kind: 'value'; text: string; variable: string | null }
  /** With its brackets, so that (1, 2] is a pair and an interval. */
  | { kind: 'tuple'; open: '(' | '['; close: ')' | ']'; items: AnswerStructure[] }
  /** Without order: {1, 2}, and lists as 1, 2 or 1 and 2 and ±1. */
  | { kind: 'set'; items: AnswerStructure[] }
  | { kind: 'intervals'; variable: string | null; intervals: Interval[] }
  | { kind: 'matrix'; isDeterminant: boolean; rows: AnswerStructure[][] }
  | { kind: 'ratio'; terms: string[] }
  /** `left = right`, or `left > right`, or `left ≥ right`, where no side is an unknown alone. */
  | { kind: 'condition'; sign: '=' | '>' | '≥'; left: string; right: string }
