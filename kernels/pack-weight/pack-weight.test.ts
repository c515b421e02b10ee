import { describe, expect, it } from 'vitest'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement, expectClose } from '../../test/support/expect-close.ts'
import { embed } from '../embed/embed.ts'
import { compareBits } from '../gpu/check.ts'
import { Device } from '../gpu/device.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor, tensorFrom } from '../gpu/tensor.ts'
import { linear } from '../linear/linear.ts'
import { packWeightCases, storedWeight } from './pack-weight.cases.ts'
import { createPackedWeight, packWeight } from './pack-weight.ts'

describe('pack-weight', async () => {
  const device = await testDevice()

  it.each(packWeightCases.checks)('moves every bit to its place and no other: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  it('refuses rows that do not fit, naming both', async () => {
    const weight = await createPackedWeight(device, 'weight', 'bf16', 4, 8)
    const recorder = new Recorder(device, 'test')
    const words = await createTensor(device, 'words', 'u32', [12])
    const rows = { name: 'rows', dtype: 'bf16', rows: 3, words } as const
    expect(() => packWeight(recorder, rows, weight, { firstOutput: 2 })).toThrow(
      /rows is 3 rows of bf16, expected rows with row 2 \+ i·1 below 4 of weight, which is bf16/,
    )
    const narrow = await createTensor(device, 'narrow', 'u32', [11])
    expect(() => packWeight(recorder, { ...rows, words: narrow }, weight)).toThrow(
      /rows is 44 bytes, expected 3 rows of 16 \(8 inputs\)/,
    )
    expect(() => packWeight(recorder, { ...rows, dtype: 'f16' }, weight)).toThrow(/3 rows of f16/)
  })

  it('cuts what a binding does not hold, for linear and embed alike', async () => {
    const provider = await openAdapter(process.env.ENTRACE_TEST_ADAPTER ?? 'cpu')
    // WebGPU's default limits: a binding holds 128 MiB.
    const own = new Device(provider, await provider.adapter.requestDevice(), device.kind)
    const [outputs, inputs] = [140_000, 512]
    const weight = await createPackedWeight(own, 'weight', 'bf16', outputs, inputs)
    expect(weight.pieces.map(piece => piece.outputs)).toEqual([131_072, 8928])
    const rows = 20
    const firstOutput = 131_062
    const stored = storedWeight(new Random(1), 'bf16', rows * inputs, 1)
    const words = await tensorFrom(own, 'words', [stored.words.length], stored.words)
    const recorder = new Recorder(own, 'test')
    packWeight(recorder, { name: 'rows', dtype: 'bf16', rows, words }, weight, { firstOutput })
    const ids = await tensorFrom(
      own,
      'ids',
      [rows],
      Uint32Array.from({ length: rows }, (_, i) => firstOutput + i),
    )
    const out = await createTensor(own, 'out', 'f32', [rows, inputs])
    embed(recorder, ids, weight, out)
    const x = await tensorFrom(own, 'x', [1, inputs], new Float32Array(inputs).fill(1))
    const y = await createTensor(own, 'y', 'f32', [1, outputs])
    linear(recorder, x, weight, y)
    const [embedded, product] = await recorder.submitAndRead(out, y)
    expectAgreement([compareBits('embed', new Float32Array(embedded!), Float32Array.from(stored.values))])
    const sums = Float64Array.from({ length: rows }, (_, n) =>
      stored.values.subarray(n * inputs, (n + 1) * inputs).reduce((sum, value) => sum + value, 0),
    )
    const found = new Float32Array(product!)
    expectClose('linear', found.subarray(firstOutput, firstOutput + rows), sums, {
      absolute: 1e-4,
      relative: 1e-5,
    })
    expect(found.findIndex(value => value !== 0)).toBe(firstOutput)
    expect(found.subarray(firstOutput + rows).every(value => value === 0)).toBe(true)
    own.destroy()
  })
})
