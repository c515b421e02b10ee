import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectClose, kernelTolerance } from '../../test/support/expect-close.ts'
import { Random } from '../../test/support/random.ts'
import { runPrepared } from '../../test/support/run-prepared.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { prepareAdd } from './add.bench.ts'
import { addReference, addShapes } from './add.reference.ts'
import { add } from './add.ts'

describe('add', async () => {
  const device = await testDevice()

  it.each(addShapes)('agrees with float64: $name', async ({ name, rows, width }) => {
    const random = new Random(21)
    const x = Float32Array.from({ length: rows * width }, () => random.uniform() - 0.5)
    const delta = Float32Array.from({ length: rows * width }, () => random.uniform() - 0.5)
    x[0] = 1e4
    const found = await runPrepared(device, await prepareAdd(device, { rows, width }), { x, delta }, 'x')
    expectClose(`add ${name}`, new Float32Array(found.x), addReference(x, delta), kernelTolerance)
  })

  it('refuses shapes that differ', async () => {
    const x = await createTensor(device, 'x', 'f32', [2, 3])
    const delta = await createTensor(device, 'delta', 'f32', [3, 2])
    expect(() => add(new Recorder(device, 'test'), x, delta)).toThrow(
      /add: delta is \[3,2\], expected \[2,3\]/,
    )
  })
})
