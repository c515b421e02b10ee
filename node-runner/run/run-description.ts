import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import type { PromptStyle } from '../../core/evaluate/prompt.ts'
import { type Decoding, type DecodingSource, recordedDecoding } from '../../core/generate/decoding.ts'
import { defaultGradingRules, type GradingRules, readGradingRules } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import { formatVersion, refuseNewerFormat } from '../../core/record/run-files.ts'
import { type AskedSamples, statedProblemIds } from '../../core/study/coverage.ts'
import type { Versions } from '../versions.ts'
import { readCheckedFile, refuseForeignFilesBeside } from './read-run-files.ts'
import { readShard, recordedSchemas } from './recorded-flags.ts'
import { stageResults } from './staged-results.ts'

const text = z.string()
const count = z.int().nonnegative()
/** Null where there is none; 0.1.0 may have left it out, which is read alike. */
const textOrNone = text.nullish() as unknown as z.ZodType<string | null>

/** What determines every number of a run, as it is now; a field that 0.1.0 did not write is optional. */
const settingsSchema = z.object({
  model: z.object({
    name: text,
    /** The commit on the Hub; null of a folder. */
    revision: textOrNone,
    /** Of a model in GGUF its file: by name, or by its path in the repository of the Hub. */
    file: text.exactOptional(),
    weightDigest: text,
    dtypes: z.array(text),
    /** SHA-256 of config.json and of each file that the tokenizer was read from, by name; of one in GGUF, of its header. */
    files: z.record(text, text).exactOptional(),
  }),
  /** `revision`, `config` and `split` are null of a file. `problems` counts all, whatever the limit. */
  dataSet: z.object({
    name: text,
    revision: textOrNone,
    config: textOrNone,
    split: textOrNone,
    digest: text,
    problems: count,
  }),
  prompt: z.object({
    style: text as unknown as z.ZodType<PromptStyle>,
    systemPrompt: textOrNone,
    /** Number of worked examples. */
    fewShot: count,
    /** There where the template takes no system message: its text stands at the start of the first user message. */
    systemInUserMessage: z.custom<true>().exactOptional(),
    ...recordedSchemas('prompt'),
    /** What the chat template was given beside what it always has; there where it was given something. */
    templateArguments: z.record(text, z.unknown()).exactOptional(),
    /** SHA-256 of how a fixed problem is rendered, with instruction, examples and template; the latter has its own, unless --raw uses none. */
    digest: text,
    chatTemplateDigest: z.custom<string>().exactOptional(),
  }),
  decoding: z.object({
    maxNewTokens: count,
    stopIds: z.array(count),
    /** Texts that end an answer, where there are any. */
    stopTexts: z.array(text).readonly().exactOptional(),
    ...recordedDecoding,
    ...recordedSchemas('decoding'),
    /** Where a setting comes from that is not the default. */
    sources: z.record(text, text as unknown as z.ZodType<DecodingSource>).exactOptional(),
  }),
  mesh: z.object(recordedSchemas('mesh')),
  /** Which adapter each rank ran on, its driver in the name; kernel variants are chosen by its kind. */
  adapters: z.array(z.object({ name: text, kind: z.enum(['cpu', 'gpu']) })),
  /** Whether the checks of --unsafe-fast were dropped, which compiles other code. */
  unsafeFast: z.boolean(),
  versions: z.record(text, z.union([text, z.number()])) as unknown as z.ZodType<Versions>,
  /** Files of the model that samples may have been made with other contents of, as an earlier version did not record them. */
  unchecked: z.array(text).readonly().exactOptional(),
  /** How parts of a merged run differ that were made by other drivers or versions, as `--allow-mixed` allows. */
  mixed: z.array(text).readonly().exactOptional(),
})

/** The content of `run.json`, but its version and its rules of grading. */
const runSchema = z.object({
  /** SHA-256 of all settings that determine a number. */
  hash: text,
  ...settingsSchema.shape,
  /** Number of problems asked for, of those in the data set; may grow from one call to the next. */
  limit: z.int().positive(),
  /** Which part of the run this is, as "2/8"; null of a whole one. Not in the hash, which all parts have in common. */
  shard: text
    .refine(name => readShard(name) !== null, 'expected a shard such as "2/8"')
    .nullish() as unknown as typeof textOrNone,
  /** Ids of the problems asked for, by their places; null where each is its place. */
  problemIds: z.array(text).readonly().nullable().exactOptional(),
  /** How many samples of the whole run a merge found; there in runs that entrace merge made, and nobody has gone on with. */
  merged: z.object({ samples: count, of: count }).exactOptional(),
})

type Recorded = z.infer<typeof settingsSchema>

/** What determines every number of a run. Two runs of one hash on one machine give the same bits. */
export interface RunSettings extends Omit<Recorded, 'decoding'> {
  decoding: Omit<Recorded['decoding'], keyof Decoding> &
    Pick<Decoding, 'temperature'> &
    Partial<Omit<Decoding, 'temperature'>>
}

/** The content of `run.json`. */
export interface RunDescription extends RunSettings, Omit<z.infer<typeof runSchema>, keyof RunSettings> {
  formatVersion: typeof formatVersion
  /** By which rules the run is graded. Not in the hash, as they change verdicts and no answer. */
  grading: GradingRules
}

/** Settings that change no number: who asked for one, and the package's version, for which `versions.bits` stands. */
const notHashed = /^(decoding\.sources\.|versions\.entrace$)/
/** What is known of the past of a run, which another part of it, or its continuation, need not share. */
const ofThePast = /^(unchecked|mixed)$/
/** Left out where either run did not record it: see `uncheckedFiles`. */
const modelFiles = /^model\.files/

/** Describes a run. */
export function describeRun(
  settings: RunSettings,
  limit: number,
  shard: string | null = null,
  grading: GradingRules = defaultGradingRules,
): RunDescription {
  const hashed = [...flatSettings(settings)].sort(([a], [b]) => (a < b ? -1 : 1))
  const hash = createHash('sha256').update(JSON.stringify(hashed)).digest('hex')
  return { formatVersion, hash, ...settings, grading, limit, shard }
}

/** What a run was asked for. */
export function askedSamples({ limit, decoding, shard, problemIds }: RunDescription): AskedSamples {
  return { limit, samples: decoding.samples, shard: shard ?? null, problemIds: statedProblemIds(problemIds) }
}

/** What a run.json may ask for at most; files of runs are sized by these numbers. */
const mostRunBytes = 2 ** 24
const mostSamples = 20_000_000

/**
 * Reads run.json, or null where there is none. Throws InputError when it is damaged, is not what the manifest beside it tells of,
 * or is of a newer format.
 */
export function readRunDescription(path: string): RunDescription | null {
  // Whoever reads a run begins here.
  refuseForeignFilesBeside(path)
  if (!existsSync(path)) return null
  const { size } = statSync(path)
  if (size > mostRunBytes)
    throw new InputError(
      `${path}: has ${size} bytes, expected the description of a run, at most ${mostRunBytes}; use another --out`,
    )
  const bytes = readCheckedFile(dirname(path), basename(path))
  if (!bytes) return null
  let parsed: unknown
  try {
    parsed = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new InputError(
      `${path}: is not JSON (${String(error)}), expected the description of a run; use another --out`,
    )
  }
  const description = parsed as Partial<RunDescription> | null
  refuseNewerFormat(path, description?.formatVersion)
  if (!description?.model || !description.dataSet || !description.limit)
    throw new InputError(
      `${path}: has no model, dataSet and limit, expected the description of a run; use another --out`,
    )
  checkCounts(path, description)
  const checked = runSchema.safeParse(description)
  const [issue] = checked.error?.issues ?? []
  if (issue)
    throw new InputError(
      `${path}: ${issue.path.join('.').slice(0, 100)}: ${issue.message}; expected the description of a run, the file is damaged; use another --out`,
    )
  return { ...(description as RunDescription), grading: readGradingRules(path, description.grading) }
}

/** The run in a folder that was named as one. Throws InputError where it has no run.json, or lacks a file that is needed too. */
export function requireRun(folder: string, ...needed: string[]): RunDescription {
  const run = readRunDescription(join(folder, 'run.json'))
  if (run && needed.every(name => existsSync(join(folder, name)))) return run
  throw new InputError(
    `${folder}: expected a run's folder with ${['run.json', ...needed].join(' and ')}; check the path`,
  )
}

/** Throws InputError unless problems and answers are counts of a size that a run may have. */
function checkCounts(path: string, { limit, dataSet, decoding }: Partial<RunDescription>): void {
  const problems = dataSet?.problems
  const samples = decoding?.samples
  const counts = Object.entries({ limit, 'dataSet.problems': problems, 'decoding.samples': samples })
  // What is left out is found where it is needed.
  for (const [name, count] of counts)
    if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= mostSamples))
      throw new InputError(
        `${path}: ${name} is ${JSON.stringify(count)}, expected an integer from 1 to ${mostSamples}; the file is damaged`,
      )
  if ((limit ?? 1) * (samples ?? 1) > mostSamples)
    throw new InputError(
      `${path}: asks for ${samples} answers to ${limit} problems, expected at most ${mostSamples} answers; the file is damaged`,
    )
  if (problems !== undefined && (limit ?? 1) > problems)
    throw new InputError(
      `${path}: limit is ${limit}, expected at most the ${problems} problems of its data set; the file is damaged`,
    )
}

/** Throws InputError when a run folder's settings are not these, naming what differs. */
export function checkSameSettings(path: string, before: RunSettings, now: RunSettings): void {
  const differences = listDifferences(before, now)
  if (differences.length === 0) return
  const { stopIds } = before.decoding
  const sameStops = ['--ignore-eos', ...stopIds.map(id => `--stop-token ${id}`)].join(' ')
  throw new InputError(
    `${path}: holds another run, which this one would not resume: ${differences.join('; ')}. ` +
      `Use the same settings${differences.some(text => text.startsWith('decoding.stopIds ')) ? ` (${sameStops} ends answers where that run did)` : ''}, or another --out`,
  )
}

/** Throws InputError when a run folder holds another part of the run. */
export function checkSameShard(path: string, before: RunDescription, now: string | null): void {
  const describe = (shard: string | null | undefined) => (shard ? `shard ${shard}` : 'the whole run')
  if (describe(before.shard) !== describe(now))
    throw new InputError(
      `${path}: holds ${describe(before.shard)}, expected ${describe(now)}; use another --out for it, and entrace merge to join them`,
    )
}

/** Writes run.json; the rules of grading may be others. Throws InputError when the folder holds a run of other settings. */
export function claimRunFolder(path: string, run: RunDescription): void {
  const before = readRunDescription(path)
  if (before) {
    checkSameSettings(path, before, run)
    checkSameShard(path, before, run.shard)
  }
  const text = runDescriptionText(run)
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  // Results that it no longer describes are in no manifest any more.
  const staged = stageResults(dirname(path))
  try {
    staged.write(basename(path), [text])
    staged.commit({ samples: null, journalBytes: null })
  } finally {
    staged.discard()
  }
}

/** The text of run.json. */
export const runDescriptionText = (run: RunDescription) => `${JSON.stringify(run, null, 2)}\n`

/**
 * Settings that differ between two runs, as "a.b: was x, is y". The order of what ends an answer is no difference, nor is
 * who asked for a setting. The model's files are compared where both runs recorded them.
 */
export function listDifferences(before: RunSettings, after: RunSettings): string[] {
  const old = flatSettings(before)
  const now = flatSettings(after)
  const haveFiles = before.model.files !== undefined && after.model.files !== undefined
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter(name => old.get(name) !== now.get(name) && !ofThePast.test(name))
    .filter(name => haveFiles || !modelFiles.test(name))
    .map(name => `${name} was ${old.get(name) ?? 'not set'}, is ${now.get(name) ?? 'not set'}`)
}

/** Files of the model that cannot be compared among these runs, since one of them did not record them, or goes on with such a run. */
export function uncheckedFiles(runs: readonly RunSettings[]): string[] {
  const recorded = runs.flatMap(({ model }) => Object.keys(model.files ?? {}))
  const known = recorded.length > 0 ? recorded : ['config.json', 'tokenizer.json']
  const names = runs.flatMap(({ model, unchecked = [] }) => [...unchecked, ...(model.files ? [] : known)])
  return [...new Set(names)].sort()
}

/** The settings that determine a number, each by its path, as JSON. */
function flatSettings(settings: RunSettings): Map<string, string> {
  const flatten = (value: unknown, path: string): [string, string][] =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.entries(value).flatMap(([name, inner]) =>
          flatten(inner, path === '' ? name : `${path}.${name}`),
        )
      : [[path, JSON.stringify(path === 'decoding.stopIds' ? inOrder(value) : value)]]
  const inOrder = (ids: unknown) => (Array.isArray(ids) ? [...new Set(ids)].sort((a, b) => a - b) : ids)
  const { model, dataSet, prompt, decoding, mesh, adapters, unsafeFast, unchecked, mixed } = settings
  // Runs of 0.1.0 have no number for the bits.
  const versions = { ...settings.versions, bits: settings.versions.bits ?? 1 }
  const hashed = { model, dataSet, prompt, decoding, mesh, adapters, unsafeFast, versions }
  const past = { ...(unchecked && { unchecked }), ...(mixed && { mixed }) }
  return new Map(flatten({ ...hashed, ...past }, '').filter(([name]) => !notHashed.test(name)))
}
