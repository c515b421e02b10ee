import { z } from 'zod'
import { describeIssues, InputError } from '../input-error.ts'
import type { ModelLimits } from '../model/language-model.ts'
import { isTemperature, penaltyBounds, type Sampling, temperatureBounds } from '../model/sampling.ts'
import { type BeamSettings, beamCandidates } from './beam-search.ts'

/** How answers are decoded: every setting that a run used. */
export interface Decoding {
  /** 0 takes the likeliest token. */
  temperature: number
  /** Filters of sampling; null where there is none. */
  topK: number | null
  topP: number | null
  minP: number | null
  /** 1 is none. */
  repetitionPenalty: number
  /** 1 is no beam search. */
  numBeams: number
  /** Null without beams. */
  lengthPenalty: number | null
}

/** One of the settings: what the command line, generation_config.json, run.json, exports and reports follow from. */
export interface DecodingSetting<Value extends number | null> {
  /** With its argument, as the command line has it. */
  flag: string
  help: string
  /** Its name in generation_config.json, and so in `generate` of Transformers. */
  hubName: string
  /** What of decoding it belongs to: the choice of every token, of a sampled one, or beam search. */
  partOf: 'choice' | 'sampling' | 'beams'
  default: Value
  /** Which values there are. */
  values: z.ZodType<number>
  /** The same in words, as the command line has it. */
  bounds: string
  /** Whether the command line takes digits alone, of a number of 1 or more. */
  isWhole?: boolean
  /** What stands for none on the command line. */
  noneTexts?: readonly string[]
  /** Whether a value in generation_config.json stands for none. */
  isNone?: (value: number) => boolean
  /** What Transformers takes where a file that samples does not say. */
  ofTransformers?: number
  /** Its name in a report; a setting without one is named otherwise there. */
  words?: string
}

const mostBeams = 32
const mostLengthPenalty = 100
const { least, most } = penaltyBounds

/** Every setting, by its name in run.json, in the order of the help. */
export const decodingSettings: { readonly [Name in keyof Decoding]: DecodingSetting<Decoding[Name]> } = {
  temperature: {
    flag: '--temperature <x>',
    help: '0 chooses the likeliest token; from 0.000001 to 100, samples (default: 0)',
    hubName: 'temperature',
    partOf: 'choice',
    default: 0,
    values: z.number().refine(isTemperature, `expected ${temperatureBounds}`),
    bounds: temperatureBounds,
    ofTransformers: 1,
  },
  topK: {
    flag: '--top-k <n>',
    help: 'sample from the n likeliest tokens only; 0 and -1 are all',
    hubName: 'top_k',
    partOf: 'sampling',
    default: null,
    values: z.int().min(-1),
    bounds: 'of 1 or more',
    isWhole: true,
    noneTexts: ['0', '-1'],
    isNone: k => k < 1,
    ofTransformers: 50,
    words: 'top-k',
  },
  topP: {
    flag: '--top-p <x>',
    help: 'sample from the fewest likeliest tokens that have this share of the probability, above 0 and up to 1',
    hubName: 'top_p',
    partOf: 'sampling',
    default: null,
    values: z.number().positive().max(1),
    bounds: 'above 0 and up to 1',
    isNone: share => share >= 1,
    words: 'top-p',
  },
  minP: {
    flag: '--min-p <x>',
    help: 'sample from tokens at least this share as likely as the likeliest, from 0 to below 1',
    hubName: 'min_p',
    partOf: 'sampling',
    default: null,
    values: z.number().nonnegative().lt(1),
    bounds: 'from 0 to below 1',
    isNone: share => share === 0,
    words: 'min-p',
  },
  repetitionPenalty: {
    flag: '--repetition-penalty <x>',
    help: 'makes tokens of the prompt and the answer so far less likely, as Transformers does; 1 is none',
    hubName: 'repetition_penalty',
    partOf: 'choice',
    default: 1,
    values: z.number().min(least).max(most),
    bounds: `from ${least} to ${most}`,
    words: 'repetition penalty',
  },
  numBeams: {
    flag: '--num-beams <n>',
    help: 'beam search of so many beams; 1 is none',
    hubName: 'num_beams',
    partOf: 'beams',
    default: 1,
    values: z.number().positive().int().max(mostBeams),
    bounds: `from 1 to ${mostBeams}`,
    isWhole: true,
  },
  lengthPenalty: {
    flag: '--length-penalty <x>',
    help: 'of beam search: the sum of log-probabilities is divided by length ^ x (default: 1)',
    hubName: 'length_penalty',
    partOf: 'beams',
    default: null,
    values: z.number().min(-mostLengthPenalty).max(mostLengthPenalty),
    bounds: `from ${-mostLengthPenalty} to ${mostLengthPenalty}`,
    words: 'length penalty',
  },
}

type SettingName = keyof Decoding

/** The names of all settings, in the order of the help. */
export const decodingNames = Object.keys(decodingSettings) as readonly SettingName[]

/** What is asked of each setting; what is undefined is not asked. */
export type AskedDecoding = { [Name in SettingName]?: Decoding[Name] | undefined }

/** Where a setting comes from. */
export type DecodingSource = 'flag' | 'generation_config.json'

/** Settings, and where those come from that are not the defaults. */
export interface ChosenDecoding {
  decoding: Decoding
  sources: { [Name in SettingName]?: DecodingSource }
}

function settingsBy<Value>(choose: (name: SettingName) => Value): Record<SettingName, Value> {
  return Object.fromEntries(decodingNames.map(name => [name, choose(name)])) as Record<SettingName, Value>
}

const defaults = settingsBy(name => decodingSettings[name].default) as Decoding

/** What run.json has of each setting; version 0.1.0 recorded the temperature alone. */
export const recordedDecoding = {
  ...(settingsBy(() => z.number().nullish()) as Record<
    Exclude<SettingName, 'temperature'>,
    z.ZodOptional<z.ZodNullable<z.ZodNumber>>
  >),
  temperature: z.number(),
}

/** Settings as run.json may have them. */
export type RecordedDecoding = { readonly [Name in SettingName]?: number | null | undefined }

/** Names of the settings that have a value which is not the default, of these parts of decoding or of all. */
function settingsInEffect(
  decoding: RecordedDecoding,
  parts: readonly DecodingSetting<null>['partOf'][] = ['choice', 'sampling', 'beams'],
): SettingName[] {
  return decodingNames.filter(
    name =>
      parts.includes(decodingSettings[name].partOf) &&
      decoding[name] != null &&
      decoding[name] !== defaults[name],
  )
}

/**
 * The settings of a run: a flag's before the file's before the default. Settings of the file that the others leave without
 * effect (filters where nothing is sampled) are dropped; flags without effect, and sampling with beams, throw InputError.
 */
export function chooseDecoding(flags: AskedDecoding, file: AskedDecoding = {}): ChosenDecoding {
  const decoding = settingsBy(name => {
    const [flag, stated] = [flags[name], file[name]]
    return flag !== undefined ? flag : stated !== undefined ? stated : defaults[name]
  }) as Decoding
  const refuse = (name: SettingName, what: string): never => {
    throw new InputError(`${decodingFlag(name)} ${decoding[name]}: ${what}`)
  }
  const drop = (names: readonly SettingName[], what: string) => {
    for (const name of names) {
      // A filter that is asked to be none has the effect it should have.
      if (flags[name] != null) refuse(name, what)
      Object.assign(decoding, { [name]: defaults[name] })
    }
  }
  if (decoding.numBeams > 1) {
    if (decoding.temperature > 0)
      refuse(
        'numBeams',
        `beam search takes the likeliest tokens, found temperature ${decoding.temperature}; ` +
          'use --temperature 0, or --num-beams 1 to sample',
      )
    decoding.lengthPenalty ??= 1
  } else drop(['lengthPenalty'], 'has no effect without beam search; add --num-beams N, or leave it out')
  if (decoding.temperature === 0)
    drop(
      decodingNames.filter(name => decodingSettings[name].partOf === 'sampling'),
      'has no effect at temperature 0, which takes the likeliest token; add --temperature X, or leave it out',
    )
  const sources: ChosenDecoding['sources'] = {}
  for (const name of decodingNames) {
    // To ask for none where nothing else asks for one is the default.
    if (flags[name] !== undefined && (flags[name] ?? file[name]) != null) sources[name] = 'flag'
    else if (file[name] !== undefined && decoding[name] === file[name])
      sources[name] = 'generation_config.json'
  }
  return { decoding, sources }
}

/** A setting's flag without its argument. */
function decodingFlag(name: SettingName): string {
  return decodingSettings[name].flag.split(' ', 1)[0]!
}

/** The flags that ask for these settings, of which the defaults need none: "--temperature 0.7", "--top-k 20". */
export function decodingFlagsOf(decoding: RecordedDecoding): string[] {
  return settingsInEffect(decoding).map(name => `${decodingFlag(name)} ${decoding[name]}`)
}

/** A setting may be null in the file, which is as good as none. */
const statedFields = z.looseObject({
  do_sample: z.boolean().nullish(),
  ...Object.fromEntries(
    Object.values(decodingSettings).map(({ hubName, values }) => [hubName, values.nullish()]),
  ),
})

/** Fields that are no decoding settings, or are honoured elsewhere. */
const otherFields = [
  'bos_token_id',
  'eos_token_id',
  'pad_token_id',
  'max_new_tokens',
  'transformers_version',
  '_from_model_config',
]

/**
 * The decoding that a generation_config.json asks for, as Transformers reads it: temperature 0 unless `do_sample` is true, then 1
 * and a top_k of 50 where none is stated; a top_k of 0, −1 or null, a top_p of 1 and a min_p of 0 are none. `ignored` names fields
 * that change decoding in ways that are not served. `where` names the file in messages. Throws InputError.
 */
export function readStatedDecoding(
  stated: Record<string, unknown>,
  where: string,
): { decoding: AskedDecoding; ignored: string[] } {
  const parsed = statedFields.safeParse(stated)
  if (!parsed.success)
    throw new InputError(
      `${where}: ${describeIssues(parsed.error)}; fix it, or leave out --generation-config`,
    )
  const file = parsed.data as Record<string, unknown>
  const samples = file['do_sample'] === true
  const has = { choice: true, sampling: samples, beams: true }
  const decoding = settingsBy(name => {
    const { hubName, partOf, isNone, ofTransformers } = decodingSettings[name]
    const value = file[hubName] as number | null | undefined
    if (!has[partOf]) return undefined
    const taken = value === undefined && samples ? ofTransformers : value
    return taken == null || isNone?.(taken) ? undefined : taken
  })
  if ((decoding.numBeams ?? 1) <= 1) decoding.lengthPenalty = undefined
  const temperature = samples ? (decoding.temperature ?? 1) : 0
  const served = [...Object.keys(statedFields.shape), ...otherFields]
  return {
    decoding: { ...decoding, temperature },
    ignored: Object.keys(stated).filter(name => !served.includes(name) && stated[name] !== null),
  }
}

/** How each step of these settings chooses. */
export function samplingOf(decoding: Decoding, seed: number): Sampling {
  const inEffect = settingsInEffect(decoding, ['choice', 'sampling'])
  return {
    temperature: decoding.temperature,
    seed,
    ...Object.fromEntries(inEffect.map(name => [name, decoding[name]])),
  }
}

/** The beam search of these settings; null without one. */
export function beamsOf({ numBeams, lengthPenalty }: Decoding): BeamSettings | null {
  return numBeams > 1 ? { count: numBeams, lengthPenalty: lengthPenalty ?? 1 } : null
}

/** The limits that decoding asks of each group's model: a slot for every beam of the answers made at once, and the largest logits. */
export function decodingLimits(
  answersAtOnce: number,
  topLogprobs: number,
  decoding: { numBeams?: number; stopIds: readonly number[] },
  vocabulary: number,
): Pick<ModelLimits, 'sequences' | 'topK'> {
  const { numBeams = 1, stopIds } = decoding
  const candidates = numBeams > 1 ? beamCandidates(numBeams, stopIds.length) : 2
  return {
    sequences: answersAtOnce * numBeams,
    topK: Math.min(Math.max(topLogprobs, candidates), vocabulary),
  }
}

/** Settings beside the temperature that are not the defaults, by their names in Transformers: what an export says of them. */
export function furtherDecoding(decoding: RecordedDecoding): Record<string, number> {
  const { numBeams, lengthPenalty } = decoding
  const inEffect = settingsInEffect(decoding, ['choice', 'sampling']).filter(name => name !== 'temperature')
  const named = inEffect.map(name => [decodingSettings[name].hubName, decoding[name]!] as const)
  return {
    ...Object.fromEntries(named),
    ...(numBeams && numBeams > 1 && { num_beams: numBeams, length_penalty: lengthPenalty ?? 1 }),
  }
}

/** How answers are decoded, in words. */
export function describeDecoding(
  decoding: Partial<Decoding> &
    Pick<Decoding, 'temperature'> & {
      maxNewTokens: number
      seed: number
      /** Left out of a single answer. */
      samples?: number
      stopTexts?: readonly string[]
    },
): string {
  const { temperature, numBeams = 1, samples, stopTexts = [] } = decoding
  const named = [
    ...settingsInEffect(decoding, ['beams']),
    ...settingsInEffect(decoding, ['choice', 'sampling']),
  ].flatMap(name => {
    const { words } = decodingSettings[name]
    return words ? [`${words} ${decoding[name]}`] : []
  })
  const mode =
    numBeams > 1
      ? `beam search with ${numBeams} beams`
      : temperature === 0
        ? 'greedy'
        : `temperature ${temperature}`
  return [
    mode,
    ...named,
    `at most ${decoding.maxNewTokens} new tokens`,
    ...(stopTexts.length > 0 ? [`up to ${stopTexts.map(text => JSON.stringify(text)).join(' or ')}`] : []),
    ...(samples === undefined ? [] : [`${samples} answer${samples === 1 ? '' : 's'} a problem`]),
    ...(temperature > 0 ? [`seed ${decoding.seed}`] : []),
  ].join(', ')
}
