import { kernelCases } from '../gpu/cases.ts'
import { compareBits } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { distributedRows, distributions, Random, rowOf } from '../gpu/random.ts'
import { topKReference } from '../top-k/top-k.cases.ts'
import { choiceWords, sample } from './sample.ts'

const sampleShapes = [
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

/** A choice with its tensors. */
export function prepareSample(
  device: Device,
  { rows, width, seed = 1 }: { rows: number; width: number; seed?: number | null },
) {
  return prepareKernel(
    device,
    {
      logits: ['f32', [rows, width]],
      scores: ['f32', [rows, width]],
      sequences: ['u32', [rows]],
      steps: ['u32', [rows]],
      choices: ['u32', [rows, choiceWords]],
    },
    (recorder, tensors) => sample(recorder, { ...tensors, seed }),
  )
}

/** Closer than this, 32-bit scores of ±1e4 may be equal. */
const decidedBy = 1e-3

/**
 * The argmax of every distribution, and what float64 samples with the same noise at several temperatures.
 * What is timed: sampling, which costs more than the argmax.
 */
export const sampleCases = kernelCases('choose', sampleShapes, {
  prepare: prepareSample,
  async check(device, shape) {
    const comparisons = []
    const argmaxes = Object.keys(distributions).map(kind => [kind, 0] as const)
    for (const [kind, temperature] of [
      ...argmaxes,
      ['normal', 1],
      ['normal', 0.3],
      ['normal', 4],
      ['of ±1e4', 1],
      ['all equal', 1],
      ['one huge', 1],
    ] as const) {
      const { logits, scores, ids, chosen } = await sampleRows(device, shape, kind, temperature)
      const expected = scores.map((row, index) => {
        const [first = 0, second] = topKReference(row, 2)
        const isClose = temperature > 0 && second !== undefined && row[first]! - row[second]! < decidedBy
        return isClose ? ids[index]! : first
      })
      const raw = ids.map((id, row) => logits[row * shape.width + id] ?? Number.NaN)
      const what = `${kind} at temperature ${temperature}`
      comparisons.push(compareBits(what, ids, expected), compareBits(`${what}: logit`, chosen, raw))
    }
    return comparisons
  },
})

async function sampleRows(
  device: Device,
  { rows, width }: { rows: number; width: number },
  kind: string,
  temperature: number,
) {
  const random = new Random(35)
  const logits = distributedRows(kind, random, rows, width)
  const seed = random.integer(2 ** 32)
  const sequences = Uint32Array.from({ length: rows }, () => random.integer(2 ** 32))
  const steps = Uint32Array.from({ length: rows }, () => random.integer(2000))
  const scaled = logits.map(x => (temperature === 0 ? x : x / temperature))
  const prepared = await prepareSample(device, { rows, width, seed: temperature === 0 ? null : seed })
  const inputs = { logits, scores: scaled, sequences, steps }
  const { choices } = await runPrepared(device, prepared, inputs, 'choices')
  const [words, numbers] = [new Uint32Array(choices), new Float32Array(choices)]
  const eachRow = Array.from({ length: rows }, (_, row) => row)
  return {
    logits,
    scores: eachRow.map(row =>
      Float64Array.from(rowOf(scaled, row, width), (x, id) =>
        temperature === 0 ? x : x + gumbelReference(seed, sequences[row]!, steps[row]!, id),
      ),
    ),
    ids: eachRow.map(row => words[choiceWords * row]!),
    chosen: eachRow.map(row => numbers[choiceWords * row + 1]!),
  }
}
