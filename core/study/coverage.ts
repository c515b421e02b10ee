type SampleName = { problemIndex: number; sampleIndex: number }

/** What a run was asked for, from which follows which samples it has once it is finished. */
export interface AskedSamples {
  /** Problems asked for: those in places 0 to limit − 1 of the data set. */
  limit: number
  /** Answers a problem. */
  samples: number
  /** Which part of the run this is, as "2/8"; null of a whole one. */
  shard: string | null
  /** Ids of the problems by their places; null where each is its place, undefined where they were not recorded. */
  problemIds?: readonly string[] | null | undefined
}

/** A sample that a run lacks. `problemId` is null where the run did not record it. */
export type MissingSample = SampleName & { problemId: string | null }

/** How much of a run its samples are. Part of `analysis.json`. */
export interface Coverage {
  /** Samples that are there. */
  samples: number
  /** Samples of the whole run, all shards together. */
  of: number
  /** The shard that this is, and how many samples it has once it is finished; null of a whole run. */
  shard: { name: string; of: number } | null
  missing: {
    count: number
    /** The first of them in the order of the data set, ten at most. */
    first: MissingSample[]
  }
  /** Answers a problem. */
  samplesPerProblem: number
}

const mostNamed = 10

/** Problems' ids as a run's description states them: see AskedSamples. What is no list of texts is not recorded. */
export function statedProblemIds(stated: unknown): readonly string[] | null | undefined {
  if (stated === null) return null
  return Array.isArray(stated) && stated.every(id => typeof id === 'string') ? stated : undefined
}

/** How many samples a run, or a shard of one, has once it is finished. */
export function askedCount({ limit, samples, shard }: Omit<AskedSamples, 'problemIds'>): number {
  const [index, count] = shardOf(shard) ?? [1, 1]
  return Math.max(0, Math.ceil((limit - index + 1) / count)) * samples
}

/** Says which samples of a run are there. Takes time and memory of those that are there, however many were asked for. */
export function coverageOf(asked: AskedSamples, names: Iterable<SampleName>): Coverage {
  const { limit, samples: perProblem, shard, problemIds } = asked
  const there = new Set<number>()
  for (const { problemIndex, sampleIndex } of names)
    if (problemIndex < limit && sampleIndex < perProblem) there.add(problemIndex * perProblem + sampleIndex)
  const of = limit * perProblem
  const count = of - there.size
  const first: MissingSample[] = []
  for (let at = 0; first.length < Math.min(count, mostNamed); at++) {
    if (there.has(at)) continue
    const problemIndex = Math.floor(at / perProblem)
    const problemId = problemIds === null ? String(problemIndex) : (problemIds?.[problemIndex] ?? null)
    first.push({ problemIndex, sampleIndex: at % perProblem, problemId })
  }
  return {
    samples: there.size,
    of,
    shard: shard === null ? null : { name: shard, of: askedCount(asked) },
    missing: { count, first },
    samplesPerProblem: perProblem,
  }
}

/** Whether samples of the whole run are missing. */
export function isPart(coverage: Coverage | null | undefined): coverage is Coverage {
  return coverage != null && coverage.missing.count > 0
}

/** "12 of 40 samples", and of which shard. */
export function describeExtent({ samples, of, shard }: Coverage): string {
  const whole = `${samples} of ${of} samples`
  if (shard === null) return whole
  return `${whole}, ${samples < shard.of ? `of shard ${shard.name}, which has ${shard.of} when it is finished` : `all of shard ${shard.name}`}`
}

/** Which samples are missing: ten at most by the id of their problem, the others counted. */
export function describeMissing({ missing: { count, first }, samplesPerProblem }: Coverage): string {
  const named = first.map(({ problemId, problemIndex, sampleIndex }) => {
    const problem = problemId === null ? String(problemIndex) : shortened(problemId)
    return samplesPerProblem > 1 ? `${problem} (answer ${sampleIndex + 1})` : problem
  })
  const others = count - named.length
  const lacksIds = first.some(({ problemId }) => problemId === null)
  return (
    `${named.join(', ')}${others > 0 ? ` and ${others} more` : ''}` +
    (lacksIds ? ' (by problemIndex, as the run recorded no ids)' : '')
  )
}

/** What a reader of a part must know; null of a whole run. */
export function partWarning(coverage: Coverage | null | undefined): string | null {
  if (!isPart(coverage)) return null
  const { samples, shard } = coverage
  const bias =
    shard !== null && samples >= shard.of
      ? 'Short answers finish first, but all of this shard have finished; it speaks for the run as far as its problems do.'
      : 'Short answers finish first, so what these samples show is not what the whole run would.'
  return `This is a part of the run: ${describeExtent(coverage)}. Missing: ${describeMissing(coverage)}. ${bias}`
}

/** Ids may be texts of any length. */
function shortened(id: string): string {
  const characters = [...id]
  return characters.length > 40 ? `${characters.slice(0, 39).join('')}…` : id
}

function shardOf(shard: string | null): [index: number, count: number] | null {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(shard ?? '')?.map(Number) ?? []
  return index && count ? [index, count] : null
}
