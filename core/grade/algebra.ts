import type { Grounds } from './compare-values.ts'

/** What an algebra says of two expressions, and by what it says so. */
export interface AlgebraVerdict {
  /** Null if it does not know. */
  equal: boolean | null
  /** Completes "equal" or "unequal": "by algebra", "numerically at 12 points", "as algebra gave up after 2 s". */
  by: Grounds
}

/**
 * Decides whether two expressions are equal for all values of their unknowns. An expression is given as MathJSON
 * (https://mathlive.io/math-json/), of which only the functions of `FunctionName`, arithmetic and three constants are used.
 * Never rejects: what goes wrong is a verdict of null.
 */
export interface Algebra {
  equivalent(a: string, b: string): Promise<AlgebraVerdict>
}
