import { formatVersion } from '../../core/record/run-files.ts'
import { openDevice } from '../../kernels/gpu/device.ts'
import { type AdapterChoice, isPreferredCpu, NoAdapterError, whyChosen } from '../adapter/adapter-choice.ts'
import { adapterNames } from '../adapter/dawn.ts'
import {
  assignAdapters,
  nameRanks,
  openRankAdapter,
  type RankAdapter,
  sharingNotice,
} from '../adapter/rank-adapters.ts'
import { versions } from '../versions.ts'
import { type ModelQuestion, modelReport } from './model-report.ts'

/** The adapter that one rank would get; `adapter` is its entry in the list of adapters. */
export type RankReport = Awaited<ReturnType<typeof reportRanks>>[number]

/** What `entrace doctor --json` prints; `ranks` is empty, and `why` null, without a usable adapter for every rank. */
export type DoctorReport = Awaited<ReturnType<typeof doctorReport>>

/** Limits that decide what a kernel may bind and how it may be dispatched. */
const computeLimit = /^max(BufferSize|StorageBufferBindingSize|StorageBuffersPerShaderStage|Compute.*)$/

const featureNames = ['shader-f16', 'subgroups', 'timestamp-query', 'chromium-experimental-subgroup-matrix']

/**
 * Looks for adapters, assigns them to ranks and opens each once. Where a model is named it is counted for these ranks,
 * as for GPUs where there is no adapter for every one.
 */
export async function doctorReport(
  choice: AdapterChoice,
  rankCount = 1,
  question: ModelQuestion | null = null,
) {
  const findings: Finding[] = []
  const assigned = await assignAdapters(choice, rankCount).catch((error: unknown) => {
    if (!(error instanceof NoAdapterError)) throw error
    const [problem = '', ...remedy] = error.message.split('. ')
    findings.push({ problem, remedy: remedy.join('. ') })
    return []
  })
  const ranks = await reportRanks(assigned)
  findings.push(...findingsOf(ranks, sharingNotice(assigned)))
  const why = ranks[0] ? whyChosen(choice, ranks[0].kind, ranks[0].name) : null
  // Assigning makes adapters known to Dawn and numbers them, so the list comes after it.
  const adapters = await adapterNames()
  const kinds = Array.from({ length: rankCount }, (_, rank) => ranks[rank]?.kind ?? 'gpu')
  const model = question && (await modelReport(question, kinds))
  return { formatVersion, versions: versions(), adapters, why, ranks, model, findings }
}

async function reportRanks(assigned: RankAdapter[]) {
  const reports = new Map<string, Awaited<ReturnType<typeof reportAdapter>>>()
  for (const rank of assigned) if (!reports.has(rank.name)) reports.set(rank.name, await reportAdapter(rank))
  return assigned.map(({ rank, name, kind, sharedBy }) => {
    return { rank, adapter: name, kind, sharedBy, ...reports.get(name)! }
  })
}

async function reportAdapter(rank: RankAdapter) {
  const provider = await openRankAdapter(rank)
  const { info, limits, features } = provider.adapter
  const device = await openDevice(provider).catch(() => null)
  device?.destroy()
  // Dawn crashes when `gpu` is collected before its device has gone.
  await device?.handle.lost.then(() => provider.gpu)
  return {
    /** Vendor, architecture, device and driver, as the adapter reports them. */
    name: [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(' '),
    /** Whether a device could be opened on it, as a run opens it. */
    opens: device !== null,
    limits: computeLimits(limits),
    /** Optional features that a kernel or a timing can use, and whether the adapter has them. */
    features: Object.fromEntries(featureNames.map(name => [name, features.has(name)])),
  }
}

function computeLimits(limits: GPUSupportedLimits) {
  const found: Record<string, number> = {}
  // The limits are accessors of the prototype, which Object.entries does not list.
  for (const name in limits)
    if (computeLimit.test(name)) found[name] = Number(limits[name as keyof GPUSupportedLimits])
  return found
}

/** Something missing, and how to fix it. */
export interface Finding {
  problem: string
  remedy: string
}

/** What is missing on the adapters of the ranks; `sharing` says which ranks share one, if any do. */
export function findingsOf(ranks: readonly RankReport[], sharing: string | null): Finding[] {
  const found: (Finding | null)[] = [
    sharing === null
      ? null
      : {
          problem: sharing,
          remedy:
            'what shares an adapter computes in turn, and its memory holds the parts of all: use as many ranks as ' +
            'there are adapters (--tp), or let --adapter fit more of them. Where DISPLAY names an X server of another ' +
            "vendor, NVIDIA's driver shows one GPU only: unset it",
        },
    finding(ranks, rank => !rank.opens, {
      problem: 'the adapter opens no device',
      remedy: 'update its Vulkan driver, or choose another with --adapter',
    }),
    finding(ranks, rank => rank.kind === 'cpu', {
      problem: 'the adapter computes on the processor, which is slow',
      remedy:
        'with a GPU in this machine, install its Vulkan driver (NVIDIA: the package that brings nvidia_icd.json; ' +
        'Debian: mesa-vulkan-drivers)',
    }),
    finding(ranks, rank => rank.kind === 'cpu' && !isPreferredCpu(rank.name), {
      problem:
        'a slower CPU adapter than there is: with lavapipe from Mesa 25 on a model is faster than with SwiftShader',
      remedy:
        "without a GPU, install Mesa's CPU driver (Debian 13, Ubuntu 25.04: apt-get install mesa-vulkan-drivers; Debian 12: that of " +
        'bookworm-backports); --adapter auto takes it then, and a run that is begun goes on with the adapter that it has',
    }),
    finding(ranks, rank => !rank.features['timestamp-query'], {
      problem: 'no timestamp-query: "entrace bench" measures with the host clock',
      remedy: "a newer driver, or bench on another adapter; results don't depend on it",
    }),
  ]
  return found.filter(entry => entry !== null)
}

/** A finding about the ranks that a test finds, if any. */
function finding(
  ranks: readonly RankReport[],
  concerns: (rank: RankReport) => boolean,
  { problem, remedy }: Finding,
): Finding | null {
  const concerned = ranks.filter(concerns)
  return concerned.length === 0
    ? null
    : { problem: `${nameRanks(concerned.map(({ rank }) => rank))}: ${problem}`, remedy }
}
