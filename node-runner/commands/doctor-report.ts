import { formatVersion } from '../../core/formats/sample-record.ts'
import { type AdapterChoice, adapterNames } from '../adapter/dawn.ts'
import { NoAdapterError } from '../adapter/no-adapter-error.ts'
import { assignAdapters, openRankAdapter, type RankAdapter, sharingNotice } from '../adapter/rank-adapters.ts'
import { type Versions, versions } from '../versions.ts'
import { type Finding, findingsOf } from './doctor-findings.ts'

/** What an adapter offers. */
export interface AdapterReport {
  /** Vendor, architecture, device and driver, as the adapter reports them. */
  name: string
  /** Whether a device could be opened on it, with every limit and feature listed here. */
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

const limitNames = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const

const featureNames = ['shader-f16', 'subgroups', 'timestamp-query', 'chromium-experimental-subgroup-matrix']

/** Looks for adapters, assigns them to ranks and opens each once. */
export async function doctorReport(choice: AdapterChoice, rankCount: number): Promise<DoctorReport> {
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
  const { gpu, adapter } = await openRankAdapter(rank)
  const { vendor, architecture, device, description } = adapter.info
  const limits = Object.fromEntries(limitNames.map(name => [name, adapter.limits[name]]))
  const features = Object.fromEntries(featureNames.map(name => [name, adapter.features.has(name)]))
  const requiredFeatures = featureNames.filter(name => features[name]) as GPUFeatureName[]
  const opened = await adapter.requestDevice({ requiredLimits: limits, requiredFeatures }).catch(() => null)
  opened?.destroy()
  // Dawn crashes when `gpu` is collected before its device has gone.
  await opened?.lost.then(() => gpu)
  const name = [vendor, architecture, device, description].filter(Boolean).join(' ')
  return { name, opens: opened !== null, limits, features }
}
