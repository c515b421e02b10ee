import { InputError } from '../input-error.ts'
import type { Sampling } from '../model/sampling.ts'
import type { BeamSettings } from './beam-search.ts'

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

/** What is asked of each setting; what is undefined is not asked. */
export type AskedDecoding = { [Name in keyof Decoding]?: Decoding[Name] | undefined }

/** Where a setting comes from. */
export type DecodingSource = 'flag' | 'generation_config.json'

/** Settings, and where those come from that are not the defaults. */
export interface ChosenDecoding {
  decoding: Decoding
  sources: { [Name in keyof Decoding]?: DecodingSource }
}

const defaults: Decoding = {
  temperature: 0,
  topK: null,
  topP: null,
  minP: null,
  repetitionPenalty: 1,
  numBeams: 1,
  lengthPenalty: null,
}
const filters = ['topK', 'topP', 'minP'] as const
const flagOf: Record<keyof Decoding, string> = {
  temperature: '--temperature',
  topK: '--top-k',
  topP: '--top-p',
  minP: '--min-p',
  repetitionPenalty: '--repetition-penalty',
  numBeams: '--num-beams',
  lengthPenalty: '--length-penalty',
}

/**
 * The settings of a run: a flag's before the file's before the default. Settings of the file that the others leave without
 * effect (filters where nothing is sampled) are dropped; flags without effect, and sampling with beams, throw InputError.
 */
export function chooseDecoding(flags: AskedDecoding, file: AskedDecoding = {}): ChosenDecoding {
  const decoding = { ...defaults, ...defined(file), ...defined(flags) }
  const refuse = (name: keyof Decoding, what: string): never => {
    throw new InputError(`${flagOf[name]} ${decoding[name]}: ${what}`)
  }
  const drop = (names: readonly (keyof Decoding)[], what: string) => {
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
      filters,
      'has no effect at temperature 0, which takes the likeliest token; add --temperature X, or leave it out',
    )
  const sources: ChosenDecoding['sources'] = {}
  for (const name of Object.keys(defaults) as (keyof Decoding)[]) {
    // To ask for none where nothing else asks for one is the default.
    if (flags[name] !== undefined && (flags[name] ?? file[name]) != null) sources[name] = 'flag'
    else if (file[name] !== undefined && decoding[name] === file[name])
      sources[name] = 'generation_config.json'
  }
  return { decoding, sources }
}

/** How each step of these settings chooses. */
export function samplingOf(decoding: Decoding, seed: number): Sampling {
  const { temperature, topK, topP, minP, repetitionPenalty } = decoding
  return {
    temperature,
    seed,
    ...(topK !== null && { topK }),
    ...(topP !== null && { topP }),
    ...(minP !== null && { minP }),
    ...(repetitionPenalty !== 1 && { repetitionPenalty }),
  }
}

/** The beam search of these settings; null without one. */
export function beamsOf({ numBeams, lengthPenalty }: Decoding): BeamSettings | null {
  return numBeams > 1 ? { count: numBeams, lengthPenalty: lengthPenalty ?? 1 } : null
}

function defined<T extends object>(asked: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as never
}
