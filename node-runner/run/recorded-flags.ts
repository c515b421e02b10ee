import { z } from 'zod'
import type { Shard } from '../../core/evaluate/samples.ts'
import { maximumRanks } from '../../core/parallel/plan-shards.ts'

/** Ranks of one engine at most. */
export const mostRanks = 64

/** A flag of `eval` whose value a run records as it was given. */
export interface RecordedFlag {
  /** With what stands for its value, as "--seed <n>"; a switch has none. */
  flag: string
  help: string
  /** Least and largest of a whole number; a switch has none. */
  bounds?: [least: number, most: number]
  default: number | boolean
  /** The part of run.json that it stands in, under its name here. */
  part: 'prompt' | 'decoding' | 'mesh'
  /** Left out of run.json where it has its default: earlier versions, which record as much, lack it. */
  isLater?: true
  /** What run.json may hold; optional where runs of earlier versions lack it. */
  schema: z.ZodType
}

/**
 * The flags that enter run.json by themselves, in the order in which a command line is written again. From an entry follow the flag
 * of `eval`, its default and help, the field's type and check in run.json, the run's hash, what a resume and a merge compare, and
 * the command in the run's card; what the setting does is told where it is done.
 */
export const recordedFlags = {
  seed: {
    flag: '--seed <n>',
    help: 'seed of the sampling',
    bounds: [0, 2 ** 32 - 1],
    default: 0,
    part: 'decoding',
    schema: z.number(),
  },
  samples: {
    flag: '--samples <n>',
    help: 'answers a problem; several need --temperature',
    bounds: [1, 10_000],
    default: 1,
    part: 'decoding',
    schema: z.int().positive(),
  },
  topLogprobs: {
    flag: '--top-logprobs <k>',
    help: 'likeliest tokens kept with every token',
    bounds: [1, 100],
    default: 5,
    part: 'decoding',
    schema: z.int().nonnegative(),
  },
  pTrue: {
    flag: '--p-true',
    help: 'after each answer, ask the model whether it is true, and keep the probability that it says so',
    default: false,
    part: 'decoding',
    schema: z.boolean().exactOptional(),
  },
  raw: {
    flag: '--raw',
    help: 'the problem is the whole prompt, in no chat template: how a base model is asked',
    default: false,
    part: 'prompt',
    isLater: true,
    schema: z.literal(true).exactOptional(),
  },
  tp: {
    flag: '--tp <n>',
    help: 'ranks of a tensor-parallel group',
    bounds: [1, maximumRanks],
    default: 1,
    part: 'mesh',
    schema: z.int().nonnegative(),
  },
  dp: {
    flag: '--dp <n>',
    help: 'data-parallel replicas of the group',
    bounds: [1, mostRanks],
    default: 1,
    part: 'mesh',
    schema: z.int().nonnegative(),
  },
} satisfies Record<string, RecordedFlag>

type Table = typeof recordedFlags
type Part = RecordedFlag['part']
type NamesIn<P extends Part> = {
  [Name in RecordedName]: Table[Name]['part'] extends P ? Name : never
}[RecordedName]

/** Names of the flags in the table, which are those of their fields in run.json. */
export type RecordedName = keyof Table
/** Their values on a command line. */
export type RecordedValues = {
  [Name in RecordedName]: Table[Name]['default'] extends boolean ? boolean : number
}

/** Part i of n of a run, as "2/8"; null for what is none. */
export function readShard(text: string): Shard | null {
  const [, index = 0, count = 0] = /^(\d{1,6})\/(\d{1,6})$/.exec(text)?.map(Number) ?? []
  return index >= 1 && index <= count ? { index, count } : null
}

const entries = Object.entries(recordedFlags) as [RecordedName, RecordedFlag][]
const ofPart = (part: Part) => entries.filter(([, flag]) => flag.part === part)

/** The schemas of a part of run.json, by name. */
export function recordedSchemas<P extends Part>(part: P): { [Name in NamesIn<P>]: Table[Name]['schema'] } {
  return Object.fromEntries(ofPart(part).map(([name, { schema }]) => [name, schema])) as never
}

/** What flags put into a part of run.json. */
export function recordedValues<P extends Part>(
  part: P,
  flags: RecordedValues,
): z.infer<z.ZodObject<{ [Name in NamesIn<P>]: Table[Name]['schema'] }>> {
  const recorded = ofPart(part).filter(([name, flag]) => !flag.isLater || flags[name] !== flag.default)
  return Object.fromEntries(recorded.map(([name]) => [name, flags[name]])) as never
}

/** The words of a command line that records the same values, each flag with its value; none for a default. */
export function recordedWords(run: { [P in Part]: { [name: string]: unknown } }): string[][] {
  return entries.map(([name, { flag, part, ...expected }]) => {
    const value = run[part][name]
    const [word = ''] = flag.split(' ')
    if (value === null || value === undefined || value === expected.default) return []
    return typeof value === 'boolean' ? [word] : [word, String(value)]
  })
}
