/** A value that a table's cell holds alone. */
export type Scalar = string | number | boolean | null

/** One problem of a data set. */
export interface Problem {
  /** Unique within the data set. */
  id: string
  problem: string
  /** The answer alone, without the solution that leads to it; '' if the data set gives none. */
  expectedAnswer: string
  /** The worked solution, if the data set has one. */
  solution: string | null
  /** Further columns that hold one value, as they were: level, type, subject, operations, ... */
  metadata: Record<string, Scalar>
}
