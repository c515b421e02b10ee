import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Random, rowOf } from '../gpu/random.ts'
import { softmaxReference } from '../softmax/softmax.cases.ts'
import { gumbelReference, prepareSample, sampleCases } from './sample.cases.ts'

interface Keys {
  seed: number
  sequences: number[]
  steps: number[]
}

describe('sample', async () => {
  const device = await testDevice()

  async function run(
    logits: Float32Array<ArrayBuffer>,
    temperature: number,
    { seed, sequences, steps }: Keys,
  ): Promise<{ id: number; logit: number }[]> {
    const rows = sequences.length
    const shape = { rows, width: logits.length / rows, seed: temperature === 0 ? null : seed }
    const scores = logits.map(x => (temperature === 0 ? x : x / temperature))
    const inputs = { logits, scores, sequences: new Uint32Array(sequences), steps: new Uint32Array(steps) }
    const { choices } = await runPrepared(device, await prepareSample(device, shape), inputs, 'choices')
    const [ids, chosen] = [new Uint32Array(choices), new Float32Array(choices)]
    return sequences.map((_, row) => ({ id: ids[4 * row]!, logit: chosen[4 * row + 1]! }))
  }

  const keysOf = (random: Random, rows: number): Keys => ({
    seed: random.integer(2 ** 32),
    sequences: Array.from({ length: rows }, () => random.integer(2 ** 32)),
    steps: Array.from({ length: rows }, () => random.integer(2000)),
  })

  it.each(sampleCases.checks)(
    'is the argmax, and samples what float64 samples with the same noise: $shape',
    async check => {
      expectAgreement(await check.run(device))
    },
  )

  it('has the noise of the reference to 2e-5', async () => {
    const rows = 1000
    const keys = keysOf(new Random(38), rows)
    // Of two ids, one is ahead by 2e-5 after the noise.
    const logits = new Float32Array(2 * rows)
    const ahead = Array.from({ length: rows }, (_, row) => row % 2)
    for (let row = 0; row < rows; row++) {
      const noise = (id: number) => gumbelReference(keys.seed, keys.sequences[row]!, keys.steps[row]!, id)
      logits[2 * row + 1] = noise(0) - noise(1) + (ahead[row] === 1 ? 2e-5 : -2e-5)
    }
    expect((await run(logits, 1, keys)).map(({ id }) => id)).toEqual(ahead)
  })

  it('draws as often as the softmax says', async () => {
    const row = [0.3, -1, 1.4, 0, 0.9]
    const temperature = 0.7
    const rows = 3000
    const logits = Float32Array.from({ length: rows * row.length }, (_, i) => row[i % row.length]!)
    // Half of the draws differ by the sequence, half by the step.
    const half = (value: number) => (value < rows / 2 ? 0 : value)
    const found = await run(logits, temperature, {
      seed: 7,
      sequences: Array.from({ length: rows }, (_, i) => half(i)),
      steps: Array.from({ length: rows }, (_, i) => i - half(i)),
    })
    const scaled = row.map(logit => logit / temperature)
    const chiSquared = Array.from(softmaxReference(scaled, 1), (probability, id) => {
      const count = found.filter(choice => choice.id === id).length
      return (count - rows * probability) ** 2 / (rows * probability)
    }).reduce((sum, term) => sum + term, 0)
    // With 4 degrees of freedom, one seed of 1000 exceeds 18.5.
    expect(chiSquared).toBeLessThan(18.5)
  })

  it('does not depend on the company of a row', async () => {
    const random = new Random(36)
    const [rows, width] = [6, 700]
    const logits = random.normals(rows * width, 2)
    const keys = keysOf(random, rows)
    const together = await run(logits, 1, keys)
    for (let row = 0; row < rows; row++) {
      const own = { ...keys, sequences: [keys.sequences[row]!], steps: [keys.steps[row]!] }
      expect(await run(rowOf(logits, row, width).slice(), 1, own)).toEqual([together[row]])
    }
    expect(new Set(together.map(({ id }) => id)).size).toBeGreaterThan(1)
  })

  it('never chooses what is not finite', async () => {
    const logits = new Float32Array([Number.NaN, -5, Number.POSITIVE_INFINITY, -4, Number.NEGATIVE_INFINITY])
    const keys = { seed: 1, sequences: [1], steps: [1] }
    expect(await run(logits, 0, keys)).toEqual([{ id: 3, logit: -4 }])
    const [sampled] = await run(logits, 1, keys)
    expect([1, 3]).toContain(sampled!.id)
    const [none] = await run(new Float32Array(4).fill(Number.NaN), 1, keys)
    expect(none!.id).toBe(0xffffffff)
  })
})
