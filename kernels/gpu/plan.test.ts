import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { scaleKernel, scaleUse } from '../../test/support/scale-kernel.ts'
import { countersSince } from './device.ts'
import { encodeStages, joinStages, type Plan, submitEncoded } from './plan.ts'
import { Recorder } from './recorder.ts'
import { createTensor, type Tensor, tensorFrom, uploadTensor } from './tensor.ts'

describe('a plan', async () => {
  const device = await testDevice()
  const x = await tensorFrom(device, 'x', [3], new Float32Array([1, 2, 3]))
  const [y, z] = [await createTensor(device, 'y', 'f32', [3]), await createTensor(device, 'z', 'f32', [3])]
  const submit = ({ stages }: Plan) => submitEncoded(device, encodeStages(device, stages))
  const numbersOf = async (tensor: Tensor) => {
    const [bytes] = await new Recorder(device, 'read').submitAndRead(tensor)
    return [...new Float32Array(bytes!)]
  }

  it('computes anew what its tensors hold each time, and uploads nothing', async () => {
    const recorder = new Recorder(device, 'test')
    recorder.dispatch(scaleKernel, scaleUse(x, y, 2))
    recorder.copy(y, 0, z, 4, 8)
    recorder.dispatch(scaleKernel, { ...scaleUse(z, y, 1, 10), constants: { TIMES: 3 } })
    const plan = recorder.plan()
    for (const numbers of [
      [1, 2, 3],
      [4, 5, 6],
    ]) {
      uploadTensor(device, x, Float32Array.from(numbers))
      uploadTensor(device, z, new Float32Array(3))
      // What is recorded between two times has Params of its own, in the place where all recordings have theirs.
      recorder.dispatch(scaleKernel, scaleUse(x, y, 1000))
      recorder.submit()
      const before = { ...device.counters }
      submit(plan)
      const { uploadedBytes, submits, dispatches, flops } = countersSince(before, device.counters)
      expect({ uploadedBytes, submits, dispatches, flops }).toEqual({
        ...{ uploadedBytes: 0, submits: 1, dispatches: 2, flops: 12 },
      })
      const [a = 0, b = 0] = numbers
      expect(await numbersOf(y)).toEqual([10, 3 * 2 * a + 10, 3 * 2 * b + 10])
    }
    plan.destroy()
  })

  it('keeps equal Params of a kernel once', async () => {
    const before = { ...device.counters }
    const recorder = new Recorder(device, 'test')
    for (let layer = 0; layer < 9; layer++) {
      recorder.dispatch(scaleKernel, scaleUse(x, y, 2))
      recorder.dispatch(scaleKernel, scaleUse(y, z, 0.5))
    }
    recorder.plan()
    expect(countersSince(before, device.counters).uploadedBytes).toBe(2 * 256)
  })

  it('has stages between which the host works, and which can be joined', async () => {
    uploadTensor(device, x, new Float32Array([1, 2, 3]))
    const recorder = new Recorder(device, 'first')
    recorder.dispatch(scaleKernel, scaleUse(x, y, 2))
    recorder.beginStage('second')
    recorder.dispatch(scaleKernel, scaleUse(z, y, -1, 7))
    recorder.beginStage('nothing')
    const { stages } = recorder.plan()
    expect(stages.map(({ label, commands }) => [label, commands.length])).toEqual([
      ['first', 1],
      ['second', 1],
      ['nothing', 0],
    ])
    const [first, second] = stages
    for (const stage of stages) {
      submitEncoded(device, encodeStages(device, [stage]))
      if (stage !== first) continue
      expect(await numbersOf(y)).toEqual([2, 4, 6])
      uploadTensor(device, z, new Float32Array([1, 1, 2]))
    }
    expect(await numbersOf(y)).toEqual([6, 6, 5])
    const before = device.counters.dispatches
    submitEncoded(device, encodeStages(device, [joinStages(second!, first!)]))
    expect(await numbersOf(y)).toEqual([2, 4, 6])
    expect(device.counters.dispatches - before).toBe(2)
  })

  it('still runs where it was submitted before it was destroyed', async () => {
    const recorder = new Recorder(device, 'test')
    recorder.dispatch(scaleKernel, scaleUse(x, y, 5))
    const plan = recorder.plan()
    submit(plan)
    plan.destroy()
    expect(await numbersOf(y)).toEqual([5, 10, 15])
    submit(plan)
    await expect(device.idle()).rejects.toThrow(/destroyed/)
  })
})
