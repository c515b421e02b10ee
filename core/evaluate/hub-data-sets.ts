import { InputError } from '../input-error.ts'
import type { PromptStyle } from './prompt.ts'

/** A published data set whose layout need not be guessed. */
export interface KnownDataSet {
  /** Its id on the Hub. */
  id: string
  /** Short names that `--dataset` takes. */
  aliases: readonly string[]
  /** Subsets that are read together, in this order; null where it has but one. */
  configs: readonly string[] | null
  split: string
  problemColumn: string
  /** Where `referenceAnswer` finds the answer: alone, after `####` or in the last `\boxed{}`. */
  answerColumn: string
  promptStyle: PromptStyle
  /** Rows of that split as published. */
  rows: number
}

/** What most of them have in common. */
const usual = {
  configs: null,
  split: 'test',
  problemColumn: 'problem',
  answerColumn: 'answer',
  promptStyle: 'boxed',
} as const

/** AI-MO's, whose only split is called "train". */
const aimo = { ...usual, split: 'train' } as const

/** MATH, with its answers inside the solutions. */
const math = { ...usual, answerColumn: 'solution', rows: 5000 } as const

const mathSubjects = [
  'algebra',
  'counting_and_probability',
  'geometry',
  'intermediate_algebra',
  'number_theory',
  'prealgebra',
  'precalculus',
]

/** The mathematics data sets that are known by name. */
export const knownDataSets: readonly KnownDataSet[] = [
  {
    ...aimo,
    id: 'AI-MO/aimo-validation-math-level-4',
    aliases: ['math-level-4', 'aimo-validation-math-level-4'],
    rows: 754,
  },
  {
    ...aimo,
    id: 'AI-MO/aimo-validation-math-level-5',
    aliases: ['math-level-5', 'aimo-validation-math-level-5'],
    rows: 721,
  },
  { ...aimo, id: 'AI-MO/aimo-validation-aime', aliases: ['aime', 'aimo-validation-aime'], rows: 90 },
  {
    ...usual,
    id: 'openai/gsm8k',
    aliases: ['gsm8k'],
    configs: ['main'],
    problemColumn: 'question',
    rows: 1319,
  },
  {
    ...math,
    id: 'EleutherAI/hendrycks_math',
    aliases: ['math', 'hendrycks-math'],
    configs: mathSubjects,
  },
  { ...math, id: 'hendrycks/competition_math', aliases: ['competition-math'] },
  { ...usual, id: 'HuggingFaceH4/MATH-500', aliases: ['math-500'], rows: 500 },
]

/** The known data set of an id or a short name, in whichever case; undefined for any other. */
export function findKnownDataSet(name: string): KnownDataSet | undefined {
  const wanted = name.toLowerCase()
  return knownDataSets.find(({ id, aliases }) => id.toLowerCase() === wanted || aliases.includes(wanted))
}

/** Files of a repository that make up one split of one subset. */
export interface DataSetSplit {
  config: string
  split: string
  /** In the order of their rows. */
  paths: string[]
}

/** What is wanted of a repository; undefined where there is no choice to make. */
export interface SplitChoice {
  /** Subsets to read together, in this order. */
  configs?: readonly string[] | undefined
  split?: string | undefined
}

/** `train-00000-of-00002.parquet`, in older repositories with a digest behind the numbers. */
const shardSuffix = /-(\d{5})-of-(\d{5})(?:-[0-9a-f]{16})?$/

/** Files that are about a data set, not part of it. */
const notData = /^(?:dataset_infos?|dataset_dict|state|metadata|README)$/i

/**
 * The splits that a data set's files make up, by their paths: `data/test-00000-of-00001.parquet` and `test.jsonl` are
 * the split "test" of the subset "default"; `main/test-00000-of-00001.parquet` and, as the Hub converts, `main/test/0000.parquet`
 * that of "main". Throws InputError when a shard of one is missing.
 */
export function listSplits(where: string, paths: readonly string[], extension: string): DataSetSplit[] {
  const splits = new Map<string, DataSetSplit & { expected: number }>()
  for (const path of [...paths].sort()) {
    if (!path.endsWith(`.${extension}`)) continue
    const folders = path.slice(0, -extension.length - 1).split('/')
    const file = folders.pop()!
    const shard = shardSuffix.exec(file)
    const name = file.replace(shardSuffix, '')
    if (folders.length === 0 && notData.test(name)) continue
    // The Hub's converted files are numbered, and stand in a folder of the split's name.
    const split = /^\d+$/.test(name) && folders.length > 0 ? folders.pop()! : name
    const config = folders.filter(folder => folder !== 'data').join('/') || 'default'
    const key = `${config}\n${split}`
    const entry = splits.get(key) ?? { config, split, paths: [], expected: Number(shard?.[2] ?? 0) }
    entry.paths.push(path)
    splits.set(key, entry)
  }
  for (const { config, split, paths: found, expected } of splits.values())
    if (expected > 0 && found.length !== expected)
      throw new InputError(
        `${where}: split ${split} of ${config} is made up of ${expected} files, found ${found.length}; fetch it again`,
      )
  return [...splits.values()].map(({ config, split, paths: found }) => ({ config, split, paths: found }))
}

/** The one split of each wanted subset. Throws an InputError that lists what there is when that leaves a choice. */
export function chooseSplits(
  where: string,
  splits: readonly DataSetSplit[],
  { configs, split }: SplitChoice,
): DataSetSplit[] {
  const list = (values: string[]) => [...new Set(values)].join(', ')
  const allConfigs = list(splits.map(({ config }) => config))
  const [onlyConfig] = splits.length > 0 && !allConfigs.includes(', ') ? [allConfigs] : []
  const defaultConfig = splits.some(({ config }) => config === 'default') ? 'default' : onlyConfig
  const wanted = configs ?? (defaultConfig === undefined ? [] : [defaultConfig])
  if (wanted.length === 0)
    throw new InputError(`${where}: has the subsets ${allConfigs}; choose one with --config`)
  return wanted.map(config => {
    const ofConfig = splits.filter(found => found.config === config)
    if (ofConfig.length === 0)
      throw new InputError(`${where}: has no subset ${config}, found ${allConfigs}; choose one with --config`)
    const allSplits = list(ofConfig.map(found => found.split))
    const chosen =
      split === undefined && ofConfig.length === 1
        ? ofConfig[0]
        : ofConfig.find(found => found.split === split)
    if (chosen) return chosen
    const problem =
      split === undefined ? `the splits ${allSplits}` : `no split ${split} in ${config}, found ${allSplits}`
    throw new InputError(`${where}: has ${problem}; choose one with --split`)
  })
}
