/** A value that a table's cell holds alone. */
export type Scalar = string | number | boolean | null

/** One problem of a data set. */
export interface Problem {
  /** Unique within the data set. */
  id: string
  /** As the model is asked it: with its context before it and its options below it. */
  problem: string
  /** The answer alone, without the solution that leads to it; '' if the data set gives none. */
  expectedAnswer: string
  /** Text of the right option, where the expected answer is its letter: equal to this an answer is right too. */
  expectedOption?: string
  /** The worked solution, if the data set has one. */
  solution: string | null
  /** Further columns that hold one value, as they were: level, type, subject, operations, ... */
  metadata: Record<string, Scalar>
}
