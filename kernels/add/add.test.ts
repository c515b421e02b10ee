import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { addCases } from './add.cases.ts'
import { add } from './add.ts'

describe('add', async () => {
  const device = await testDevice()

  it.each(addCases.checks)('agrees with float64: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  it('refuses shapes that differ', async () => {
    const x = await createTensor(device, 'x', 'f32', [2, 3])
    const delta = await createTensor(device, 'delta', 'f32', [3, 2])
    expect(() => add(new Recorder(device, 'test'), x, delta)).toThrow(
      /add: delta is \[3,2\], expected \[2,3\]/,
    )
  })
})
