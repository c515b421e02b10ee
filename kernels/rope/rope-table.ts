/**
 * cos and sin of position · theta^(−2i / width) for every position below `positions` and i below width / 2, as pairs
 * [positions, width / 2, 2]. Computed in float64 and rounded once: WGSL's own sin and cos are off by 3e-3 at large
 * arguments.
 */
export function ropeTable(width: number, theta: number, positions: number): Float32Array<ArrayBuffer> {
  const half = width / 2
  const table = new Float32Array(positions * half * 2)
  for (let i = 0; i < half; i++) {
    const frequency = theta ** ((-2 * i) / width)
    for (let position = 0; position < positions; position++) {
      table[(position * half + i) * 2] = Math.cos(position * frequency)
      table[(position * half + i) * 2 + 1] = Math.sin(position * frequency)
    }
  }
  return table
}
