/** Workgroups that a direction may count by WebGPU's default limit. */
const maxWorkgroups = 65535

/**
 * Workgroups of `size` threads for `count` elements, in rows where one direction does not hold them all. The kernel
 * finds its element as id.x + id.y · num_workgroups.x · size.
 */
export function flatWorkgroups(count: number, size: number): readonly [number, number] {
  const needed = Math.ceil(count / size)
  const rows = Math.ceil(needed / maxWorkgroups)
  return rows === 0 ? [0, 0] : [Math.ceil(needed / rows), rows]
}
