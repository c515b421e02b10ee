import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { createTensor } from '../gpu/tensor.ts'
import { linearVariants, prepareLinear } from '../linear/linear.bench.ts'
import { prepareSiluMul } from './silu-mul.bench.ts'
import { siluMulChecks } from './silu-mul.check.ts'
import { siluMul } from './silu-mul.ts'

describe('silu-mul', async () => {
  const device = await testDevice()

  it.each(siluMulChecks)('agrees with float64 on every distribution: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  it.each(linearVariants)("has the bits of linear's epilogue: %s", async variant => {
    const shape = { rows: 5, inputs: 131, outputs: 66, dtype: 'bf16' } as const
    const random = new Random(23)
    const x = random.normals(shape.rows * shape.inputs, 30)
    const plain = await prepareLinear(device, shape, variant)
    const sums = new Float32Array((await runPrepared(device, plain, { x }, 'y')).y)
    const fused = await prepareLinear(device, { ...shape, epilogue: 'silu-mul' }, variant)
    const gated = new Float32Array((await runPrepared(device, fused, { x }, 'y')).y)
    const alone = await prepareSiluMul(device, { rows: shape.rows, width: shape.outputs / 2 })
    const { y } = await runPrepared(device, alone, { x: sums }, 'y')
    expectSameBits(`silu-mul and linear ${variant}`, new Float32Array(y), gated)
    expect(new Set(gated).size).toBeGreaterThan(100)
  })

  it('refuses an input that is not twice as wide', async () => {
    const x = await createTensor(device, 'x', 'f32', [2, 5])
    const y = await createTensor(device, 'y', 'f32', [2, 3])
    expect(() => siluMul(new Recorder(device, 'test'), x, y)).toThrow(
      /silu-mul: x is \[2,5\], expected \[2,6\]/,
    )
  })
})
