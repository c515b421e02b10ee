import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { scaleKernel, scaleUse } from '../../test/support/scale-kernel.ts'
import { prepareAdd } from '../add/add.cases.ts'
import { Recorder } from './recorder.ts'
import { createTensor } from './tensor.ts'
import { createTimer } from './timer.ts'

describe('timer', async () => {
  const device = await testDevice()
  // Without the feature there is nothing to time; SwiftShader has it, so the tests' own adapter always shows it.
  const timed = device.handle.features.has('timestamp-query')
  if (!timed) console.log('skipped: durations by the timer: this adapter has no timestamp-query')

  it('is there exactly where the adapter has timestamps', async () => {
    const timer = await createTimer(device, 1)
    expect(timer !== null).toBe(timed)
    timer?.destroy()
  })

  it.runIf(timed)('gives durations by label, in order, of each recording', async () => {
    const timer = await createTimer(device, 4)
    const x = await createTensor(device, 'x', 'f32', [5])
    const y = await createTensor(device, 'y', 'f32', [5])
    const large = await prepareAdd(device, { rows: 300, width: 3584 })
    for (let round = 0; round < 2; round++) {
      const recorder = new Recorder(device, 'test', timer)
      recorder.dispatch(scaleKernel, scaleUse(x, y, 1))
      large.record(recorder)
      recorder.dispatch(scaleKernel, scaleUse(y, x, 1))
      const startMs = performance.now()
      recorder.submit()
      const times = await timer!.read()
      const wallNanoseconds = (performance.now() - startMs) * 1e6
      expect(times.map(({ label }) => label)).toEqual(['scale', 'add', 'scale'])
      for (const { durationNanoseconds } of times) expect(durationNanoseconds).toBeGreaterThanOrEqual(0)
      expect(times[1]!.durationNanoseconds).toBeGreaterThan(0)
      const sum = times.reduce((total, time) => total + time.durationNanoseconds, 0)
      expect(sum).toBeLessThanOrEqual(wallNanoseconds)
    }
    large.destroy()
    timer!.destroy()
  })

  it.runIf(timed)('refuses more dispatches than it has room for', async () => {
    const timer = await createTimer(device, 1)
    const x = await createTensor(device, 'x', 'f32', [5])
    const y = await createTensor(device, 'y', 'f32', [5])
    const recorder = new Recorder(device, 'test', timer)
    recorder.dispatch(scaleKernel, scaleUse(x, y, 1))
    recorder.dispatch(scaleKernel, scaleUse(x, y, 1))
    expect(() => recorder.submit()).toThrow('timer: more than 1 dispatches in one recording')
  })
})
