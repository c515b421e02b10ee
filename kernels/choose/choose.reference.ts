/** Shapes to test and time. */
export const chooseShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 331 },
  { name: '0.5B vocabulary', rows: 1, width: 151936 },
  { name: '7B vocabulary', rows: 1, width: 152064 },
] as const

/** −ln(−ln u), u from the 23 high bits of a PCG hash of the four keys. */
export function gumbelReference(seed: number, sequence: number, step: number, id: number): number {
  const pcg = (value: number) => {
    const state = (Math.imul(value, 747796405) + 2891336453) >>> 0
    const word = Math.imul(((state >>> ((state >>> 28) + 4)) ^ state) >>> 0, 277803737) >>> 0
    return ((word >>> 22) ^ word) >>> 0
  }
  const hash = pcg((id ^ pcg((step ^ pcg((sequence ^ pcg(seed >>> 0)) >>> 0)) >>> 0)) >>> 0)
  return -Math.log(-Math.log(((hash >>> 9) + 0.5) / 2 ** 23))
}
