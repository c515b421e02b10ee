/** Shapes to test and time. */
export const addShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 131 },
  { name: '0.5B width', rows: 16, width: 896 },
  { name: '7B width', rows: 64, width: 3584 },
  { name: 'more than 65,535 workgroups', rows: 1200, width: 3584 },
] as const

/** x + delta in float64. */
export function addReference(x: ArrayLike<number>, delta: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: x.length }, (_, i) => x[i]! + delta[i]!)
}
