import { formatVersion } from '../../core/formats/sample-record.ts'
import { openDevice } from '../../kernels/gpu/device.ts'
import { type AdapterChoice, adapterNames } from '../adapter/dawn.ts'
import { NoAdapterError } from '../adapter/no-adapter-error.ts'
import { assignAdapters, openRankAdapter, type RankAdapter, sharingNotice } from '../adapter/rank-adapters.ts'
import { type Versions, versions } from '../versions.ts'
import { type Finding, findingsOf } from './doctor-findings.ts'

/** What an adapter offers. */
export interface AdapterReport {
  /** Vendor, architecture, device and driver, as the adapter reports them. */
  name: string
  /** Whether a device could be opened on it, as a run opens it. */
  opens: boolean
  limits: Record<string, number>
  /** Optional features that a kernel or a timing can use, and whether the adapter has them. */
  features: Record<string, boolean>
}

/** The adapter that one rank would get. */
export interface RankReport extends AdapterReport {
  rank: number
  /** The adapter's entry in the list of adapters. */
  adapter: string
  kind: 'cpu' | 'gpu'
  /** All ranks on this adapter, this one among them. */
  sharedBy: number[]
}

/** What `entrace doctor --json` prints. */
export interface DoctorReport {
  formatVersion: string
  versions: Versions
  /** Names as `--adapter NAME` matches them. */
  adapters: string[]
  /** Empty without a usable adapter for every rank. */
  ranks: RankReport[]
  findings: Finding[]
}

/** Limits that decide what a kernel may bind and how it may be dispatched. */
const computeLimit = /^max(BufferSize|StorageBufferBindingSize|StorageBuffersPerShaderStage|Compute.*)$/

const featureNames = ['shader-f16', 'subgroups', 'timestamp-query', 'chromium-experimental-subgroup-matrix']

/** Looks for adapters, assigns them to ranks and opens each once. */
export async function doctorReport(choice: AdapterChoice, rankCount = 1): Promise<DoctorReport> {
  const findings: Finding[] = []
  const assigned = await assignAdapters(choice, rankCount).catch((error: unknown) => {
    if (!(error instanceof NoAdapterError)) throw error
    const [problem = '', ...remedy] = error.message.split('. ')
    findings.push({ problem, remedy: remedy.join('. ') })
    return []
  })
  const ranks = await reportRanks(assigned)
  findings.push(...findingsOf(ranks, sharingNotice(assigned)))
  // Assigning makes adapters known to Dawn and numbers them, so the list comes after it.
  const adapters = await adapterNames()
  return { formatVersion, versions: versions(), adapters, ranks, findings }
}

async function reportRanks(assigned: RankAdapter[]): Promise<RankReport[]> {
  const reports = new Map<string, AdapterReport>()
  for (const rank of assigned) if (!reports.has(rank.name)) reports.set(rank.name, await reportAdapter(rank))
  return assigned.map(({ rank, name, kind, sharedBy }) => {
    return { rank, adapter: name, kind, sharedBy, ...reports.get(name)! }
  })
}

async function reportAdapter(rank: RankAdapter): Promise<AdapterReport> {
  const provider = await openRankAdapter(rank)
  const { info, limits, features } = provider.adapter
  const device = await openDevice(provider).catch(() => null)
  device?.destroy()
  // Dawn crashes when `gpu` is collected before its device has gone.
  await device?.handle.lost.then(() => provider.gpu)
  return {
    name: [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(' '),
    opens: device !== null,
    limits: computeLimits(limits),
    features: Object.fromEntries(featureNames.map(name => [name, features.has(name)])),
  }
}

function computeLimits(limits: GPUSupportedLimits): Record<string, number> {
  const found: Record<string, number> = {}
  // The limits are accessors of the prototype, which Object.entries does not list.
  for (const name in limits)
    if (computeLimit.test(name)) found[name] = Number(limits[name as keyof GPUSupportedLimits])
  return found
}
