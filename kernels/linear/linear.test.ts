import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectClose } from '../../test/support/expect-close.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor, tensorFrom } from '../gpu/tensor.ts'
import { packInto, type StoredWeight, storedWeight } from '../pack-weight/pack-weight.cases.ts'
import {
  blockRange,
  createPackedWeight,
  type PackedWeight,
  packedWeightBytes,
  packWeight,
  type WeightOutputs,
} from '../pack-weight/pack-weight.ts'
import { isPlain, storedBytes, type WeightType, weightTypes } from '../pack-weight/weight-types.ts'
import {
  epilogueProducts,
  followingReference,
  linearFollows,
  linearReference,
  linearShapes,
  linearVariants,
  makeProduct,
  prepareLinear,
} from './linear.cases.ts'
import { chooseLinearVariant, type LinearFinish, type LinearVariant, linear } from './linear.ts'

/**
 * Outputs that every variant computes; wider shapes are whole in the adapter's own variant. On a CPU adapter a workgroup
 * with barriers costs a millisecond, and thousands of them show nothing that a few do not.
 */
const outputsOfAllVariants = 512

describe('linear', async () => {
  const device = await testDevice()

  for (const shape of linearShapes) {
    const { name, rows, inputs, outputs, dtype } = shape

    it(`agrees with float64 and between its variants: ${name}`, async () => {
      const { reference, run } = makeProduct(device, shape)
      const plain = await run(chooseLinearVariant(device, rows))
      const tolerance = { absolute: 1e-6, relative: 1e-6, scale: reference.magnitude }
      expectClose(`linear ${name}`, plain, reference.y, tolerance)
      const leading = Math.min(outputs, outputsOfAllVariants)
      const leadingBits = plain.filter((_, i) => i % outputs < leading)
      for (const variant of linearVariants) {
        // All widen blocks by the same text: tiles are tried on a type of 32 inputs and one of 256.
        if (variant === 'tiled' && !isPlain(dtype) && dtype !== 'q4_0' && dtype !== 'q6_k') continue
        expectSameBits(`linear ${name}, ${variant}`, await run(variant, {}, leading), leadingBits)
      }
    })

    if (rows * inputs * outputs > epilogueProducts || outputs % 2 !== 0) continue

    it(`adds a bias to the same bits in every variant: ${name}`, async () => {
      const { bias, run } = makeProduct(device, shape)
      const plain = await run('few-rows')
      const expected = plain.map((value, i) => value + bias[i % outputs]!)
      for (const variant of linearVariants)
        expectSameBits(`linear ${name}, bias, ${variant}`, await run(variant, { bias: true }), expected)
    })

    // One shape of few rows and one of many.
    if (!['odd f32', 'odd bf16, many rows'].includes(name)) continue

    it.each(linearFollows)(
      `follows the sum, with the same bits in every variant: ${name}, $name`,
      async follows => {
        const { reference, bias, run } = makeProduct(device, shape)
        const found = await run('few-rows', follows)
        const expected = followingReference(reference, { ...follows, bias: follows.bias ? bias : null })
        expectClose(`linear ${name}, ${follows.name}`, found, ...expected)
        for (const variant of linearVariants)
          expectSameBits(`linear ${name}, ${follows.name}, ${variant}`, await run(variant, follows), found)
      },
    )
  }

  it('keeps its bound with inputs of 1e4', async () => {
    const shape = { rows: 3, inputs: 515, outputs: 20, dtype: 'bf16' } as const
    const { reference, run } = makeProduct(device, shape, 1e4)
    const tolerance = { absolute: 1e-6, relative: 1e-6, scale: reference.magnitude }
    for (const variant of linearVariants)
      expectClose(`linear ${variant}`, await run(variant), reference.y, tolerance)
  })

  it('gives a row the same bits alone and in company', async () => {
    const shape = { rows: 9, inputs: 300, outputs: 40, dtype: 'bf16' } as const
    const weight = await createPackedWeight(device, 'weight', 'bf16', 40, 300)
    await packInto(device, storedWeight(new Random(3), 'bf16', 12_000, 1), weight)
    const x = new Random(4).normals(9 * 300)
    const run = async (rows: number, variant: LinearVariant, numbers: Float32Array<ArrayBuffer>) => {
      const { tensors, destroy } = await prepareLinear(device, { ...shape, rows }, variant)
      const record = (recorder: Recorder) => linear(recorder, tensors.x, weight, tensors.y, {}, variant)
      const found = await runPrepared(device, { tensors, record, destroy }, { x: numbers }, 'y')
      return new Float32Array(found.y)
    }
    const together = await run(9, 'tiled', x)
    for (const variant of linearVariants) {
      for (const [first, rows] of [
        [4, 1],
        [5, 4],
      ] as const) {
        const alone = await run(rows, variant, x.slice(first * 300, (first + rows) * 300))
        expectSameBits(`${variant}, ${rows} rows`, alone, together.slice(first * 40, (first + rows) * 40))
      }
    }
  })

  describe('of several pieces', () => {
    const rows = 5
    const inputs = 288
    const x = new Random(4).normals(rows * inputs)

    /** y of a weight, with a bias where it is given. */
    async function product(
      weight: PackedWeight,
      variant: LinearVariant,
      finish?: LinearFinish,
      bias?: Float32Array<ArrayBuffer>,
    ): Promise<Float32Array> {
      const width = typeof finish === 'string' ? weight.outputs / 2 : weight.outputs
      const input = await tensorFrom(device, 'x', [rows, weight.inputs], x.slice(0, rows * weight.inputs))
      const y = await createTensor(device, 'y', 'f32', [rows, width])
      const added = bias && { bias: await tensorFrom(device, 'bias', [bias.length], bias) }
      const recorder = new Recorder(device, 'test')
      linear(recorder, input, weight, y, { ...added, ...(finish && { finish }) }, variant)
      return new Float32Array((await recorder.submitAndRead(y))[0]!)
    }

    /** Packs random rows of a type to their outputs, the same for the same seed. */
    async function packRows(weight: PackedWeight, of: WeightOutputs, seed: number): Promise<StoredWeight> {
      const stored = storedWeight(new Random(seed), of.dtype, of.outputs * inputs, 1)
      const words = await tensorFrom(device, 'stored', [stored.words.length], stored.words)
      const recorder = new Recorder(device, 'pack')
      packWeight(recorder, { name: 'stored', dtype: of.dtype, rows: of.outputs, words }, weight, of)
      recorder.submit()
      return stored
    }

    /** A weight of outputs of several types. */
    async function weightOf(outputs: number, parts: readonly WeightOutputs[], mostBytes?: number) {
      const limit = mostBytes === undefined ? {} : { mostBytes }
      const weight = await createPackedWeight(device, 'weight', parts, outputs, inputs, limit)
      const stored = []
      for (const [seed, part] of parts.entries()) stored.push(await packRows(weight, part, seed))
      return { weight, stored }
    }

    it.each(linearVariants)('computes outputs of several types as each alone: %s', async variant => {
      const sizes = [
        ['q4_0', 6],
        ['bf16', 7],
        ['q5_1', 4],
      ] as const
      let firstOutput = 0
      const parts = sizes.map(([dtype, outputs]) => {
        firstOutput += outputs
        return { dtype, firstOutput: firstOutput - outputs, outputStride: 1, outputs }
      })
      const bias = new Random(9).normals(17)
      const { weight } = await weightOf(17, parts)
      expect(weight.pieces.map(({ dtype }) => dtype)).toEqual(['q4_0', 'bf16', 'q5_1'])
      const found = await product(weight, variant, undefined, bias)
      for (const [seed, part] of parts.entries()) {
        const alone = await createPackedWeight(device, 'alone', part.dtype, part.outputs, inputs)
        await packRows(alone, { ...part, firstOutput: 0 }, seed)
        const own = bias.slice(part.firstOutput, part.firstOutput + part.outputs)
        const columns = found.filter((_, i) => {
          return i % 17 >= part.firstOutput && i % 17 < part.firstOutput + part.outputs
        })
        expectSameBits(`${part.dtype} ${variant}`, columns, await product(alone, variant, undefined, own))
      }
    })

    it.each(['silu-mul', 'gelu-tanh-mul'] as const)('gates pairs of two types: %s', async finish => {
      const pair = (dtype: WeightType, place: number) => {
        return { dtype, firstOutput: place, outputStride: 2, outputs: 9 }
      }
      const bias = new Random(9).normals(18)
      const { weight, stored } = await weightOf(18, [pair('q8_0', 0), pair('q4_1', 1)])
      const values = new Float64Array(18 * inputs)
      for (const [place, of] of stored.entries())
        for (let i = 0; i < 9; i++)
          values.set(of.values.subarray(i * inputs, (i + 1) * inputs), (2 * i + place) * inputs)
      const reference = linearReference(x, values, rows, inputs, 18)
      const [expected, tolerance] = followingReference(reference, { bias, finish })
      const few = await product(weight, 'few-rows', finish, bias)
      expectClose(finish, few, expected, tolerance)
      for (const variant of linearVariants)
        expectSameBits(`${finish} ${variant}`, await product(weight, variant, finish, bias), few)
      await expect(product(weight, 'few-rows')).rejects.toThrow(/holds pairs of outputs, expected a gate/)
    })

    it.each([
      ['bf16', 70],
      ['q6_k', 22],
    ] as const)('computes outputs of several bindings as of one: %s', async (dtype, outputs) => {
      const whole = [{ dtype, firstOutput: 0, outputStride: 1, outputs }]
      // Rows of Q6_K are whole blocks.
      const width = dtype === 'q6_k' ? 256 : inputs
      const make = async (mostBytes: number) => {
        const weight = await createPackedWeight(device, 'weight', whole, outputs, width, { mostBytes })
        await packInto(device, storedWeight(new Random(2), dtype, outputs * width, 1), weight)
        return weight
      }
      const one = await make(2 ** 27)
      const cut = await make(Math.ceil(packedWeightBytes(dtype, outputs, width) / 3))
      expect(one.pieces).toHaveLength(1)
      expect(cut.pieces.length).toBeGreaterThan(2)
      for (const { firstOutput } of cut.pieces) expect(firstOutput % 2).toBe(0)
      const bias = new Random(9).normals(outputs)
      for (const variant of linearVariants)
        for (const finish of [undefined, 'silu-mul'] as const)
          expectSameBits(
            `${dtype} ${variant} ${finish}`,
            await product(cut, variant, finish, bias),
            await product(one, variant, finish, bias),
          )
    })
  })

  it.each([
    ['q4_k', 512, 96, 300],
    ['q4_0', 96, 20, 44],
    ['q6_k', 512, 97, 131],
    ['q8_0', 96, 33, 7],
  ] as const)('takes its own inputs of shared blocks: %s, of %i from %i on %i', async (...of) => {
    const [dtype, width, firstInput, inputs] = of
    const outputs = 11
    const rows = 3
    const whole = storedWeight(new Random(6), dtype, outputs * width, 1)
    const { first, blocksOfOutput, skip } = blockRange(dtype, inputs, firstInput)
    expect(skip).toBe(firstInput % weightTypes[dtype].inputs)
    const { bytes: blockBytes } = weightTypes[dtype]
    const wholeRow = storedBytes(dtype, width)
    const ownRow = blocksOfOutput * blockBytes
    const words = new Uint32Array(Math.ceil((outputs * ownRow) / 4))
    for (let n = 0; n < outputs; n++) {
      const from = n * wholeRow + first * blockBytes
      new Uint8Array(words.buffer).set(new Uint8Array(whole.words.buffer, from, ownRow), n * ownRow)
    }
    const weight = await createPackedWeight(device, 'weight', dtype, outputs, inputs, { firstInput })
    await packInto(device, { words }, weight)
    const x = new Random(7).normals(rows * inputs)
    const own = Float64Array.from({ length: outputs * inputs }, (_, i) => {
      return whole.values[Math.floor(i / inputs) * width + firstInput + (i % inputs)]!
    })
    const { y: expected, magnitude } = linearReference(x, own, rows, inputs, outputs)
    const input = await tensorFrom(device, 'x', [rows, inputs], x)
    const y = await createTensor(device, 'y', 'f32', [rows, outputs])
    let few: Float32Array | null = null
    for (const variant of linearVariants) {
      const recorder = new Recorder(device, 'test')
      linear(recorder, input, weight, y, {}, variant)
      const found = new Float32Array((await recorder.submitAndRead(y))[0]!)
      expectClose(variant, found, expected, { absolute: 1e-6, relative: 1e-6, scale: magnitude })
      expectSameBits(variant, found, (few ??= found))
    }
  })

  it('refuses shapes that do not fit, naming them', async () => {
    const weight = await createPackedWeight(device, 'weight', 'f32', 2, 3)
    const x = await createTensor(device, 'x', 'f32', [1, 4])
    const y = await createTensor(device, 'y', 'f32', [1, 2])
    expect(() => linear(new Recorder(device, 'test'), x, weight, y)).toThrow(/x is \[1,4\], expected \[1,3\]/)
  })
})
