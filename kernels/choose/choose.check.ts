import { checkCases } from '../gpu/check.ts'
import { compareBits } from '../gpu/compare.ts'
import type { Device } from '../gpu/device.ts'
import { distributedRows, distributions, rowOf } from '../gpu/distributions.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { topKReference } from '../top-k/top-k.reference.ts'
import { prepareChoose } from './choose.bench.ts'
import { chooseShapes, gumbelReference } from './choose.reference.ts'
import { choiceWords } from './choose.ts'

/** Closer than this, 32-bit scores of ±1e4 may be equal. */
const decidedBy = 1e-3

/** The argmax of every distribution, and what float64 samples with the same noise at several temperatures. */
export const chooseChecks = checkCases('choose', chooseShapes, async (device, shape) => {
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
    const { logits, scores, ids, chosen } = await sample(device, shape, kind, temperature)
    const expected = scores.map((row, index) => {
      const [first = 0, second] = topKReference(row, 2)
      const isClose = temperature > 0 && second !== undefined && row[first]! - row[second]! < decidedBy
      return isClose ? ids[index]! : first
    })
    comparisons.push(
      compareBits(`${kind} at temperature ${temperature}`, ids, expected),
      compareBits(
        `${kind} at temperature ${temperature}: logit`,
        chosen,
        ids.map((id, row) => logits[row * shape.width + id] ?? Number.NaN),
      ),
    )
  }
  return comparisons
})

async function sample(
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
  const prepared = await prepareChoose(device, { rows, width, seed: temperature === 0 ? null : seed })
  const { choices } = await runPrepared(
    device,
    prepared,
    { logits, scores: scaled, sequences, steps },
    'choices',
  )
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
