import { afterAll } from 'vitest'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'

let opened: Promise<Device> | null = null

/** The device that a test file's tests share: ENTRACE_TEST_ADAPTER, else the CPU adapter. */
export function testDevice(): Promise<Device> {
  opened ??= openAdapter(process.env.ENTRACE_TEST_ADAPTER ?? 'cpu').then(openDevice)
  return opened
}

afterAll(async () => {
  const device = await opened
  opened = null
  device?.destroy()
})
