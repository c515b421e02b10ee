import { nameRanks } from '../adapter/rank-adapters.ts'
import type { RankReport } from './doctor-report.ts'

/** Something missing, and how to mend it. */
export interface Finding {
  problem: string
  remedy: string
}

/** Output layer of Qwen2.5-7B in bf16: the largest tensor that a single rank has to bind. */
const largestTensorBytes = 152064 * 3584 * 2

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
    finding(ranks, rank => bindingBytes(rank) * ranks.length < largestTensorBytes, {
      problem:
        `one binding holds ${Math.min(...ranks.map(bindingBytes))} bytes, too few for ` +
        `${ranks.length === 1 ? '' : 'its part of '}Qwen2.5-7B's output layer of ${largestTensorBytes}`,
      remedy: 'run such a model on more ranks (--tp); smaller ones fit',
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

function bindingBytes(rank: RankReport): number {
  return rank.limits.maxStorageBufferBindingSize ?? 0
}
