import { afterAll } from 'vitest'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'

let opened: Promise<Device> | null = null

/** The adapter that tests of kernels and of pretrained models run on: ENTRACE_TEST_ADAPTER, else the CPU adapter. */
export const testAdapter = process.env.ENTRACE_TEST_ADAPTER ?? 'cpu'

/** The device that a test file's tests share. */
export function testDevice(): Promise<Device> {
  opened ??= openAdapter(testAdapter).then(openDevice)
  return opened
}

afterAll(async () => {
  const device = await opened
  opened = null
  device?.destroy()
})
