import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { PromptStyle } from '../../core/evaluate/prompt.ts'
import { refuseNewerFormat } from '../../core/formats/refuse-newer-format.ts'
import { formatVersion } from '../../core/formats/sample-record.ts'
import type { ChosenDecoding, Decoding } from '../../core/generate/decoding.ts'
import { defaultGradingRules, type GradingRules, readGradingRules } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import { writeFileWhole } from '../files/write-file-whole.ts'
import type { Versions } from '../versions.ts'
import { holdResults } from './hold-results.ts'
import { digestOfFile, readCheckedFile, removeManifest, writeManifest } from './run-manifest.ts'

/** What determines every number of a run. Two runs of one hash on one machine give the same bits. */
export interface RunSettings {
  /** `revision` is the commit on the Hub; null of a folder. */
  model: { name: string; revision: string | null; weightDigest: string; dtypes: string[] }
  /** `revision`, `config` and `split` are null of a file. `problems` counts all, whatever the limit. */
  dataSet: {
    name: string
    revision: string | null
    config: string | null
    split: string | null
    digest: string
    problems: number
  }
  prompt: {
    style: PromptStyle
    systemPrompt: string | null
    /** Number of worked examples. */
    fewShot: number
    /** There where the template takes no system message: its text stands at the start of the first user message. */
    systemInUserMessage?: true
    /** SHA-256 of how a fixed problem is rendered, with instruction, examples and template. */
    digest: string
    chatTemplateDigest: string
  }
  decoding: {
    maxNewTokens: number
    stopIds: number[]
    /** Texts that end an answer, where there are any. */
    stopTexts?: readonly string[]
    temperature: number
    seed: number
    samples: number
    topLogprobs: number
    /** Where a setting comes from that is not the default. Runs of 0.1 have neither this nor what follows. */
    sources?: ChosenDecoding['sources']
    /** Whether the model was asked if its answers are true. */
    pTrue?: boolean
  } & Partial<Omit<Decoding, 'temperature'>>
  mesh: { tp: number; dp: number }
  /** Which adapter each rank ran on; kernel variants are chosen by its kind. */
  adapters: { name: string; kind: 'cpu' | 'gpu' }[]
  /** Whether the checks of --unsafe-fast were dropped, which compiles other code. */
  unsafeFast: boolean
  versions: Versions
}

/** The content of `run.json`. */
export interface RunDescription extends RunSettings {
  formatVersion: typeof formatVersion
  /** SHA-256 of the settings. */
  hash: string
  /** By which rules the run is graded. Not in the hash, as they change verdicts and no answer. */
  grading: GradingRules
  /** Number of problems asked for, of those in the data set; may grow from one call to the next. */
  limit: number
  /** Which part of the run this is, as "2/8"; null of a whole one. Not in the hash, which all parts have in common. */
  shard: string | null
}

/** Describes a run. */
export function describeRun(
  settings: RunSettings,
  limit: number,
  shard: string | null = null,
  grading: GradingRules = defaultGradingRules,
): RunDescription {
  const hash = createHash('sha256').update(JSON.stringify(settings)).digest('hex')
  return { formatVersion, hash, ...settings, grading, limit, shard }
}

/**
 * Reads run.json, or null where there is none. Throws InputError when it is damaged, is not what the manifest beside it tells of,
 * or is of a newer format.
 */
export function readRunDescription(path: string): RunDescription | null {
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
  return { ...(description as RunDescription), grading: readGradingRules(path, description.grading) }
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
  writeRunDescription(path, run)
}

/** Writes run.json, whatever it said before. Results that it no longer describes are in no manifest any more. */
export function writeRunDescription(path: string, run: RunDescription): void {
  const folder = dirname(path)
  const text = runDescriptionText(run)
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  holdResults(folder, () => {
    removeManifest(folder)
    writeFileWhole(path, [text])
    writeManifest(folder, {
      samples: null,
      journalBytes: null,
      files: { [basename(path)]: digestOfFile(Buffer.from(text)) },
    })
  })
}

/** The text of run.json. */
export function runDescriptionText(run: RunDescription): string {
  return `${JSON.stringify(run, null, 2)}\n`
}

/**
 * Settings that differ between two runs, as "a.b: was x, is y". The order of what ends an answer is no difference, nor is
 * who asked for a setting.
 */
export function listDifferences(before: RunSettings, after: RunSettings): string[] {
  const flatten = (value: unknown, path: string): [string, string][] =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.entries(value).flatMap(([name, inner]) =>
          flatten(inner, path === '' ? name : `${path}.${name}`),
        )
      : [[path, JSON.stringify(path === 'decoding.stopIds' ? inOrder(value) : value)]]
  const settingsOf = ({
    model,
    dataSet,
    prompt,
    decoding,
    mesh,
    adapters,
    unsafeFast,
    versions,
  }: RunSettings) =>
    new Map(flatten({ model, dataSet, prompt, decoding, mesh, adapters, unsafeFast, versions }, ''))
  const old = settingsOf(before)
  const now = settingsOf(after)
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter(name => old.get(name) !== now.get(name) && !name.startsWith('decoding.sources.'))
    .map(name => `${name} was ${old.get(name) ?? 'not set'}, is ${now.get(name) ?? 'not set'}`)
}

function inOrder(ids: unknown): unknown {
  return Array.isArray(ids) ? [...new Set(ids)].sort((a, b) => a - b) : ids
}
