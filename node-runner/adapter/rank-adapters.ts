import { availableParallelism } from 'node:os'
import type { GpuProvider } from '../../kernels/gpu/device.ts'
import {
  type AdapterChoice,
  adapterNumber,
  fitsName,
  isPreferredCpu,
  NoAdapterError,
  namesNumber,
  noAdapterError,
  normalizedIdentifier,
  unnumberedName,
} from './adapter-choice.ts'
import { LayerBuildError, numberAdapters } from './adapter-number-layer.ts'
import { adapterNames, type OpenAdapterOptions, openNamedAdapter } from './dawn.ts'
import { hasVulkanDriver, useCpuDriver } from './vulkan-driver.ts'

/**
 * The adapter that a rank computes on. Plain data: a worker gets it by message. To open the first adapter whose name contains `name`,
 * one in Dawn's list, opens it and no other. `sharedBy` are all ranks on it, several where there are fewer adapters than ranks.
 */
export type RankAdapter = Awaited<ReturnType<typeof assignAdapters>>[number]

/**
 * Decides which adapter each rank gets: of n adapters that fit the choice, rank i gets i mod n. `auto` means all GPUs, and
 * where there is none the CPU adapters that it prefers; a name means every adapter whose name contains it. Where names alone do
 * not tell the adapters apart, this numbers them for the whole process, so call it on the main thread before workers
 * start. Throws NoAdapterError where no adapter fits or they cannot be told apart.
 */
export async function assignAdapters(choice: AdapterChoice, ranks: number) {
  if (namesNumber(choice)) numberOrExplain(`--adapter "${choice}" names an adapter by its number`)
  let adapters = await fittingAdapters(choice, ranks)
  if (!adapters.every(adapter => adapter.opensByName)) {
    const names = new Set(adapters.map(adapter => `"${adapter.name}"`))
    numberOrExplain(`${adapters.length} adapters cannot be told apart by name: ${[...names].join(', ')}`)
    adapters = await fittingAdapters(choice, ranks)
    // A loader that skips the layer says so only in its own log.
    if (!adapters.every(adapter => adapter.opensByName))
      throw new NoAdapterError(
        'the Vulkan loader did not load the layer that numbers adapters. Look for the reason in what it prints with ' +
          'VK_LOADER_DEBUG=error,warn,layer; a program with more rights than its user loads no layer',
      )
  }
  return Array.from({ length: ranks }, (_, rank) => {
    const { name, kind } = adapters[rank % adapters.length]!
    const sharedBy: number[] = []
    for (let other = rank % adapters.length; other < ranks; other += adapters.length) sharedBy.push(other)
    return { rank, name, kind, sharedBy }
  })
}

/**
 * Whether each of so many ranks has a core to spin on while it waits. A CPU adapter computes on these cores itself, and
 * where ranks are more than cores, one that spins keeps another from coming to where it waits for it.
 */
export function maySpin({ kind }: Pick<RankAdapter, 'kind'>, ranks: number): boolean {
  return kind === 'gpu' && availableParallelism() >= ranks
}

/** One sentence about ranks that share adapters, for people; null where each rank has its own. */
export function sharingNotice(ranks: readonly RankAdapter[]): string | null {
  const adapters = Map.groupBy(ranks, ({ name }) => name)
  const groups = [...adapters]
    .filter(([, sharing]) => sharing.length > 1)
    .map(([name, [first]]) => `${nameRanks(first!.sharedBy)} share ${name}`)
  if (groups.length === 0) return null
  return `${ranks.length} ranks on ${adapters.size} adapter${adapters.size > 1 ? 's' : ''}: ${groups.join('; ')}`
}

/** "rank 0", "ranks 0, 1, 4 to 7"; ranks in ascending order. */
export function nameRanks(ranks: readonly number[]): string {
  const runs: number[][] = []
  for (const rank of ranks) {
    const run = runs.at(-1)
    if (run?.at(-1) === rank - 1) run.push(rank)
    else runs.push([rank])
  }
  const names = runs.map(run => (run.length > 2 ? `${run[0]} to ${run.at(-1)}` : run.join(', ')))
  return `rank${ranks.length === 1 ? '' : 's'} ${names.join(', ')}`
}

/**
 * Opens a rank's adapter in the calling thread, main or worker, and makes sure by what the adapter reports that it is
 * the one. Throws NoAdapterError otherwise.
 */
export async function openRankAdapter(
  assigned: Pick<RankAdapter, 'rank' | 'name'>,
  options: OpenAdapterOptions = {},
): Promise<GpuProvider> {
  const opened = await openNamedAdapter(assigned.name, options)
  const reported = opened?.adapter.info.device
  if (opened && reported === normalizedIdentifier(assigned.name)) return opened
  throw new NoAdapterError(
    `rank ${assigned.rank}: expected adapter "${assigned.name}", found ${reported ? `"${reported}"` : 'none of that name'}. ` +
      'Adapters have changed since the ranks were assigned; look with "entrace doctor" and start again',
  )
}

/** The first adapters that fit a choice, at most as many as there are ranks, numbered ones in the order of their numbers. */
async function fittingAdapters(choice: AdapterChoice, ranks: number) {
  const named = choice !== 'auto' && choice !== 'gpu' && choice !== 'cpu'
  const fitting = (adapters: ListedAdapter[], kind: 'cpu' | 'gpu') =>
    adapters.filter(adapter => (named ? fitsName(adapter.name, choice) : adapter.kind === kind))
  let adapters: ListedAdapter[] = []
  if (choice !== 'cpu' && hasVulkanDriver()) {
    const installed = await listAdapters()
    adapters = fitting(installed, 'gpu')
    if (adapters.length === 0 && choice === 'auto')
      adapters = installed.filter(({ description }) => isPreferredCpu(description))
  }
  if (adapters.length === 0 && choice !== 'gpu') {
    useCpuDriver()
    adapters = fitting(await listAdapters(), 'cpu')
  }
  if (adapters.length === 0) throw noAdapterError(choice, await adapterNames())
  return adapters.sort((a, b) => (adapterNumber(a.name) ?? 0) - (adapterNumber(b.name) ?? 0)).slice(0, ranks)
}

type ListedAdapter = Awaited<ReturnType<typeof listAdapters>>[number]

/** Every adapter that Dawn sees, in its order. */
async function listAdapters() {
  const names = await adapterNames()
  // Adapters of one model are of one kind, and asking each of eight GPUs takes their driver long.
  const models = new Map<string, { kind: 'cpu' | 'gpu'; description: string }>()
  for (const name of names) {
    const model = unnumberedName(name)
    if (models.has(model)) continue
    const info = (await openNamedAdapter(name))?.adapter.info
    const kind = info?.isFallbackAdapter ? 'cpu' : 'gpu'
    models.set(model, { kind, description: info?.description ?? '' })
  }
  return names.map((name, place) => ({
    name,
    ...models.get(unnumberedName(name))!,
    /** Whether it is the first whose name contains its own: Dawn opens that one. */
    opensByName: names.findIndex(other => other.includes(name)) === place,
  }))
}

function numberOrExplain(reason: string): void {
  try {
    numberAdapters()
  } catch (error) {
    if (!(error instanceof LayerBuildError)) throw error
    throw new NoAdapterError(
      `${reason}, and the Vulkan layer that numbers adapters cannot be built: ${error.message}. ` +
        'Without it, use one rank (--tp 1) or adapters of different names',
    )
  }
}
