import { formatVersion } from '../../core/formats/sample-record.ts'
import { openDevice } from '../../kernels/gpu/device.ts'
import { type AdapterChoice, adapterNames, openAdapter } from '../adapter/dawn.ts'
import { NoAdapterError } from '../adapter/no-adapter-error.ts'
import { type Versions, versions } from '../versions.ts'

/** The adapter that one rank would get. */
export interface RankAdapter {
  rank: number
  name: string
  kind: 'cpu' | 'gpu'
  /** Whether a device could be opened on it. */
  opens: boolean
  limits: Record<string, number>
  /** Optional features that a kernel or a timing can use, and whether the adapter has them. */
  features: Record<string, boolean>
}

/** Something missing, and how to mend it. */
export interface Finding {
  problem: string
  remedy: string
}

/** What `entrace doctor --json` prints. */
export interface DoctorReport {
  formatVersion: string
  versions: Versions
  /** Names as `--adapter NAME` matches them. */
  adapters: string[]
  /** Empty without a usable adapter. */
  ranks: RankAdapter[]
  findings: Finding[]
}

/** Limits that decide what a kernel may bind and how it may be dispatched. */
const computeLimit = /^max(BufferSize|StorageBufferBindingSize|StorageBuffersPerShaderStage|Compute.*)$/

const featureNames = ['shader-f16', 'subgroups', 'timestamp-query', 'chromium-experimental-subgroup-matrix']

/** Output layer of Qwen2.5-7B in bf16: the largest tensor that a single rank has to bind. */
const largestTensorBytes = 152064 * 3584 * 2

/** Looks for adapters and opens the one that each rank would get. */
export async function doctorReport(choice: AdapterChoice): Promise<DoctorReport> {
  const findings: Finding[] = []
  const rank = await rankAdapter(choice).catch((error: unknown) => {
    if (!(error instanceof NoAdapterError)) throw error
    const [problem = '', ...remedy] = error.message.split('. ')
    findings.push({ problem, remedy: remedy.join('. ') })
    return null
  })
  if (rank) findings.push(...findingsOf(rank))
  // Opening makes the CPU adapter known to Dawn, so the list comes after it.
  const adapters = await adapterNames()
  return { formatVersion, versions: versions(), adapters, ranks: rank ? [rank] : [], findings }
}

async function rankAdapter(choice: AdapterChoice): Promise<RankAdapter> {
  const provider = await openAdapter(choice)
  const { info, limits, features } = provider.adapter
  const device = await openDevice(provider).catch(() => null)
  device?.destroy()
  return {
    rank: 0,
    name: [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(' '),
    kind: info.isFallbackAdapter ? 'cpu' : 'gpu',
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

function findingsOf(rank: RankAdapter): Finding[] {
  const findings: Finding[] = []
  if (!rank.opens)
    findings.push({
      problem: `the adapter of rank ${rank.rank} opens no device`,
      remedy: 'update its Vulkan driver, or choose another with --adapter',
    })
  if (rank.kind === 'cpu')
    findings.push({
      problem: `rank ${rank.rank} computes on the processor, which is slow`,
      remedy:
        'with a GPU in this machine, install its Vulkan driver (NVIDIA: the package that brings nvidia_icd.json; ' +
        'Debian: mesa-vulkan-drivers)',
    })
  if (!rank.features['timestamp-query'])
    findings.push({
      problem: 'no timestamp-query: "entrace bench" measures with the host clock',
      remedy: "a newer driver, or bench on another adapter; results don't depend on it",
    })
  const bindingBytes = rank.limits.maxStorageBufferBindingSize ?? 0
  if (bindingBytes < largestTensorBytes)
    findings.push({
      problem: `one binding holds ${bindingBytes} bytes, fewer than the ${largestTensorBytes} of Qwen2.5-7B's output layer`,
      remedy: 'run such a model on several ranks (--tp 2 or more); smaller ones fit',
    })
  return findings
}
