import { prepareAdd } from '../../kernels/add/add.cases.ts'
import { type BenchCase, createBenchClock, measureCases } from '../../kernels/gpu/bench.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import { encodeStages, submitEncoded } from '../../kernels/gpu/plan.ts'
import { Recorder } from '../../kernels/gpu/recorder.ts'
import { prepareLinear } from '../../kernels/linear/linear.cases.ts'
import { chooseLinearVariant } from '../../kernels/linear/linear.ts'
import { spreadOf, timeRounds, timeRoundTrips } from './timing.ts'

/** What an adapter reaches with the kernels that decide a step's time. */
export type AdapterMeasurement = Awaited<ReturnType<typeof measureAdapter>>

/** Sizes that make a GPU busy, and sizes that a CPU adapter computes in a second. */
const sizes = {
  gpu: {
    reading: { rows: 1, inputs: 18944, outputs: 7168, dtype: 'bf16' },
    computing: { rows: 512, inputs: 3584, outputs: 4736, dtype: 'bf16' },
    linkBytes: 64 * 2 ** 20,
  },
  cpu: {
    reading: { rows: 1, inputs: 3584, outputs: 4736, dtype: 'bf16' },
    computing: { rows: 32, inputs: 896, outputs: 1152, dtype: 'bf16' },
    linkBytes: 16 * 2 ** 20,
  },
} as const

const fewDispatches = 16
const manyDispatches = 512
const rounds = 9

/** Measures an adapter: takes a few seconds. */
export async function measureAdapter(device: Device) {
  const { reading, computing, linkBytes } = sizes[device.kind]
  const probe = await prepareAdd(device, { rows: 1, width: 1000 })
  const clock = await createBenchClock(device, probe)
  const cases = [reading, computing].map(
    (shape): BenchCase => ({
      kernel: 'linear',
      variant: null,
      shape: `${shape.rows} rows`,
      prepare: () => prepareLinear(device, shape, chooseLinearVariant(device, shape.rows)),
    }),
  )
  const [read, computed] = await measureCases(device, clock, cases, { budgetMs: 500, maxRounds: 30 })
  clock.destroy()
  const few = await timeDispatches(device, probe.record, fewDispatches)
  const many = await timeDispatches(device, probe.record, manyDispatches)
  probe.destroy()
  const smallBytes = 2 ** 14
  const small = spreadOf(await timeRoundTrips(device, smallBytes, rounds)).medianMs
  const large = spreadOf(await timeRoundTrips(device, linkBytes, rounds)).medianMs
  return {
    adapterName: device.adapterName,
    kind: device.kind,
    /** Of a product of one row with a weight that no cache holds. */
    bandwidthBytesPerSecond: read!.gigabytesPerSecond * 1e9,
    /** Of a product of many rows. */
    flopsPerSecond: computed!.gigaflopsPerSecond * 1e9,
    /** What one more dispatch, dependent on the one before, adds to a submit. */
    dispatchSeconds: slope(few, many, manyDispatches - fewDispatches) / 1e3,
    /** What one more byte to the device and one back add to a round trip. */
    linkBytesPerSecond: 1e3 / slope(small, large, 2 * (linkBytes - smallBytes)),
  }
}

/** Milliseconds of dispatches that are replayed as those of a step are. */
async function timeDispatches(device: Device, record: (recorder: Recorder) => void, dispatches: number) {
  const recorder = new Recorder(device, 'dispatch overhead')
  for (let i = 0; i < dispatches; i++) record(recorder)
  const plan = recorder.plan()
  const samplesMs = await timeRounds(rounds, async () => {
    submitEncoded(device, encodeStages(device, plan.stages))
    await device.idle()
  })
  plan.destroy()
  return spreadOf(samplesMs).medianMs
}

/** Milliseconds of one more; never 0, whatever the noise. */
function slope(lessMs: number, moreMs: number, steps: number): number {
  return Math.max(moreMs - lessMs, 1e-6) / steps
}
