/**
 * Inverse and ln of the determinant of a symmetric positive definite matrix (rows of numbers, lower triangle read), by Cholesky's
 * decomposition. Null when it is not positive definite to working precision: a column follows from the others.
 */
export function invertPositiveDefinite(
  matrix: readonly (readonly number[])[],
): { inverse: number[][]; logDeterminant: number } | null {
  const size = matrix.length
  const lower = matrix.map(row => row.map(() => 0))
  let logDeterminant = 0
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row]![column]!
      for (let k = 0; k < column; k++) sum -= lower[row]![k]! * lower[column]![k]!
      if (row === column) {
        // What is left of a pivot below this is the rounding of sums over some 100,000 answers.
        if (!(sum > 1e-10 * matrix[row]![row]!)) return null
        lower[row]![row] = Math.sqrt(sum)
        logDeterminant += Math.log(sum)
      } else lower[row]![column] = sum / lower[column]![column]!
    }
  }
  const inverse = matrix.map(row => row.map(() => 0))
  for (let unit = 0; unit < size; unit++) {
    const solved = new Array<number>(size).fill(0)
    for (let row = 0; row < size; row++) {
      let sum = row === unit ? 1 : 0
      for (let k = 0; k < row; k++) sum -= lower[row]![k]! * solved[k]!
      solved[row] = sum / lower[row]![row]!
    }
    for (let row = size - 1; row >= 0; row--) {
      let sum = solved[row]!
      for (let k = row + 1; k < size; k++) sum -= lower[k]![row]! * solved[k]!
      solved[row] = sum / lower[row]![row]!
    }
    for (let row = 0; row < size; row++) inverse[row]![unit] = solved[row]!
  }
  return { inverse, logDeterminant }
}
