import { publishedConfig, publishedConfigNames } from '../../core/model/published-configs.ts'
import { maximumRanks, planShards } from '../../core/parallel/plan-shards.ts'
import { rankWeightParts } from '../../core/parallel/rank-weight-bytes.ts'
import { nameRanks } from '../adapter/rank-adapters.ts'
import type { RankReport } from './doctor-report.ts'

/** Something missing, and how to mend it. */
export interface Finding {
  problem: string
  remedy: string
}

/** The model that this project is made for. */
const mainModel = 'qwen2.5-7b'

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
    finding(ranks, rank => !rank.features['timestamp-query'], {
      problem: 'no timestamp-query: "entrace bench" measures with the host clock',
      remedy: "a newer driver, or bench on another adapter; results don't depend on it",
    }),
    bindingFinding(ranks),
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

/** Which published models' weights the ranks bind, where the main one's are too large for them. */
function bindingFinding(ranks: readonly RankReport[]): Finding | null {
  const limit = Math.min(...ranks.map(bindingBytes))
  const group = Math.min(ranks.length, maximumRanks)
  if (group === 0 || largestBuffer(mainModel, group) <= limit) return null
  const fitting = publishedConfigNames.filter(name => largestBuffer(name, group) <= limit)
  const onMore = publishedConfigNames
    .filter(name => !fitting.includes(name))
    .map(name => {
      const fewest = fewestRanks(name, limit)
      return fewest === null ? `${name} on none` : `${name} from --tp ${fewest} on`
    })
  const here = group === 1 ? 'on one rank' : `on ${group} ranks`
  return finding(ranks, rank => bindingBytes(rank) === limit, {
    problem: `one buffer holds ${limit} bytes at most, ${mainModel} has one of ${largestBuffer(mainModel, group)} ${here}`,
    remedy:
      `run such a model on more ranks: ${onMore.join(', ')}; ` +
      `${fitting.length > 0 ? `${here} fit ${fitting.join(', ')}` : `${here} none of the published sizes fits`}`,
  })
}

/** Bytes of the largest buffer of a published model's weights, in bf16, over the ranks of a group. */
function largestBuffer(name: string, ranks: number): number {
  const config = publishedConfig(name)!
  const plan = planShards(config, ranks)
  return Math.max(...plan.ranks.map(({ rank }) => rankWeightParts(config, plan, rank, 'bf16').largestBuffer))
}

/** Ranks of a group from which on each binds its part; null where no group is large enough. */
function fewestRanks(name: string, limit: number): number | null {
  for (let ranks = 1; ranks <= maximumRanks; ranks++) if (largestBuffer(name, ranks) <= limit) return ranks
  return null
}

/** What one buffer may hold: it has to be made, and bound. */
function bindingBytes({ limits }: RankReport): number {
  return Math.min(limits.maxStorageBufferBindingSize ?? 0, limits.maxBufferSize ?? 0)
}
