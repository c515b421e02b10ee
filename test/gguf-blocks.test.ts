import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { embed } from '../kernels/embed/embed.ts'
import { compareBits } from '../kernels/gpu/check.ts'
import { Recorder } from '../kernels/gpu/recorder.ts'
import { createTensor, tensorFrom } from '../kernels/gpu/tensor.ts'
import { linear } from '../kernels/linear/linear.ts'
import { dequantize } from '../kernels/pack-weight/dequantize.ts'
import { packInto } from '../kernels/pack-weight/pack-weight.cases.ts'
import { createPackedWeight } from '../kernels/pack-weight/pack-weight.ts'
import { type WeightType, weightTypeNames, weightTypes } from '../kernels/pack-weight/weight-types.ts'
import { testDevice } from './support/device.ts'
import { expectAgreement } from './support/expect-close.ts'

/** Blocks of real files with what gguf-py makes of them; see README.md beside the file. */
interface BlocksFile {
  types: Record<string, { blocks: { hex: string; values: number[] }[] }>
}

const file = JSON.parse(readFileSync('test/golden/gguf-blocks.json', 'utf8')) as BlocksFile
const types = Object.entries(file.types).map(([name, { blocks }]) => {
  const bytes = Uint8Array.from(blocks.flatMap(({ hex }) => [...Buffer.from(hex, 'hex')]))
  return {
    type: name.toLowerCase() as WeightType,
    bytes,
    values: Float32Array.from(blocks.flatMap(({ values }) => values)),
    rows: blocks.length,
    width: blocks[0]!.values.length,
  }
})

describe('blocks of every type, to the bit', async () => {
  const device = await testDevice()

  /** A row of the weight a block (or eight numbers of a type without blocks). */
  async function weightOf({ type, bytes, rows, width }: (typeof types)[number]) {
    const words = new Uint32Array(Math.ceil(bytes.length / 4))
    new Uint8Array(words.buffer).set(bytes)
    const weight = await createPackedWeight(device, type, type, rows, width)
    await packInto(device, { words }, weight)
    return weight
  }

  it('has blocks of every type', () => {
    expect(types.map(({ type }) => type).sort()).toEqual(weightTypeNames.toSorted())
    for (const { type, bytes, rows, width } of types)
      expect(bytes.length).toBe((rows * width * weightTypes[type].bytes) / weightTypes[type].inputs)
  })

  it.each(types)('in the reference of the tests: $type', ({ type, bytes, values }) => {
    expectAgreement([compareBits(type, dequantize(type, bytes), values)])
  })

  it.each(types)('in embed: $type', async one => {
    const { type, values, rows, width } = one
    const weight = await weightOf(one)
    const ids = await tensorFrom(
      device,
      'ids',
      [rows],
      Uint32Array.from({ length: rows }, (_, i) => i),
    )
    const out = await createTensor(device, 'out', 'f32', [rows, width])
    const recorder = new Recorder(device, 'test')
    embed(recorder, ids, weight, out)
    const [found] = await recorder.submitAndRead(out)
    expectAgreement([compareBits(type, new Float32Array(found!), values)])
  })

  it.each(types)('in linear: $type', async one => {
    const { type, values, rows, width } = one
    const weight = await weightOf(one)
    // One input at a time, so that y is the weight.
    const identity = Float32Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 1 : 0))
    const x = await tensorFrom(device, 'x', [width, width], identity)
    const y = await createTensor(device, 'y', 'f32', [width, rows])
    // A sum that begins with 0 has no -0.
    const expected = Float32Array.from(
      { length: width * rows },
      (_, at) => values[(at % rows) * width + Math.floor(at / rows)]! + 0,
    )
    const recorder = new Recorder(device, 'test')
    linear(recorder, x, weight, y)
    const [found] = await recorder.submitAndRead(y)
    expectAgreement([compareBits(type, new Float32Array(found!), expected)])
  })
})
