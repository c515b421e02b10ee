import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { prepareAdd } from '../add/add.cases.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { prepareRmsNorm, rmsNormCases, rmsNormShapes, rmsNormVariants } from './rms-norm.cases.ts'
import { rmsNorm } from './rms-norm.ts'

const epsilon = 1e-6

describe.each(rmsNormVariants)('rms-norm, %s', async variant => {
  const device = await testDevice()

  async function run(
    shape: { rows: number; width: number },
    inputs: Record<'x' | 'weight', Float32Array<ArrayBuffer>>,
    delta?: Float32Array<ArrayBuffer>,
  ) {
    const prepared = await prepareRmsNorm(
      device,
      { ...shape, epsilon, withDelta: delta !== undefined },
      variant,
    )
    const found = await runPrepared(device, prepared, delta ? { ...inputs, delta } : inputs, 'x', 'y')
    return { x: new Float32Array(found.x), y: new Float32Array(found.y) }
  }

  const checks = rmsNormCases.checks.filter(check => check.variant === variant)
  it.each(checks)('agrees with float64 on every distribution: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  for (const shape of rmsNormShapes) {
    const { name, rows, width } = shape

    it(`with a delta has the bits of add, then rms-norm, and keeps the sum: ${name}`, async () => {
      const random = new Random(28)
      const x = random.normals(rows * width)
      const delta = random.normals(rows * width)
      const weight = random.normals(width)
      const added = await runPrepared(device, await prepareAdd(device, shape), { x, delta }, 'x')
      const sum = new Float32Array(added.x)
      const fused = await run(shape, { x, weight }, delta)
      expectSameBits(`rms-norm ${variant} ${name}: sum`, fused.x, sum)
      const apart = await run(shape, { x: sum, weight })
      expectSameBits(`rms-norm ${variant} ${name}: y`, fused.y, apart.y)
    })
  }

  it('gives zeros for a row of zeros', async () => {
    const inputs = { x: new Float32Array(10), weight: new Float32Array(5).fill(3) }
    expect((await run({ rows: 2, width: 5 }, inputs)).y).toEqual(new Float32Array(10))
  })

  it('refuses a weight of another width', async () => {
    const x = await createTensor(device, 'x', 'f32', [2, 8])
    const weight = await createTensor(device, 'norm weight', 'f32', [9])
    const use = { x, weight, y: x, epsilon }
    expect(() => rmsNorm(new Recorder(device, 'test'), use, variant)).toThrow(
      /rms-norm: norm weight is \[9\], expected \[8\]/,
    )
  })
})
