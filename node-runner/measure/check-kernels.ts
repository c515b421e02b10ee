import { allChecks } from '../../kernels/all-checks.ts'
import { suitsDevice } from '../../kernels/gpu/bench.ts'
import { type CheckResult, runChecks } from '../../kernels/gpu/check.ts'
import { openDevice } from '../../kernels/gpu/device.ts'
import { unnumberedName } from '../adapter/adapter-name.ts'
import { openRankAdapter, type RankAdapter } from '../adapter/rank-adapters.ts'

/** The kernels that a model of adapter runs, against their references. */
export interface KernelReport {
  adapterName: string
  kind: 'cpu' | 'gpu'
  /** Ranks whose adapters are of this model; the first one's was checked. */
  ranks: number[]
  /** Lanes that run together; null where the adapter does not say. */
  subgroupSizes: { smallest: number; largest: number } | null
  /** Cases there are; those beyond the time are missing in `results`. */
  cases: number
  results: CheckResult[]
}

/** Checks every variant that each model of adapter would be given, within a time that the models share. */
export async function checkKernels(
  adapters: readonly RankAdapter[],
  seconds: number,
): Promise<KernelReport[]> {
  const models = Map.groupBy(adapters, ({ name }) => unnumberedName(name))
  const reports: KernelReport[] = []
  for (const ofModel of models.values()) {
    const [first] = ofModel
    const device = await openDevice(await openRankAdapter(first!))
    const cases = allChecks.filter(one => suitsDevice(one, device.kind))
    const { subgroupMinSize: smallest, subgroupMaxSize: largest } = device.provider.adapter.info
    reports.push({
      adapterName: device.adapterName,
      kind: device.kind,
      ranks: ofModel.map(({ rank }) => rank),
      subgroupSizes: smallest && largest ? { smallest, largest } : null,
      cases: cases.length,
      results: await runChecks(device, cases, (seconds * 1000) / models.size),
    })
    device.destroy()
    await device.handle.lost
  }
  return reports
}
