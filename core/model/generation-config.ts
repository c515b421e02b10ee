import { z } from 'zod'
import { describeIssues } from '../describe-issues.ts'
import { InputError } from '../input-error.ts'
import { tokenIds } from './config.ts'
import { isTemperature, penaltyBounds, temperatureBounds } from './sampling.ts'

/** Beams of a search at most. */
export const mostBeams = 32

/** How strongly beam search may prefer long answers, or short ones. */
export const mostLengthPenalty = 100

/** What a model's generation_config.json says. */
export interface GenerationConfig {
  /** Tokens that end an answer (none: run to the limit); null when the file does not say, so that config.json's hold. */
  eosTokenIds: number[] | null
  /** The file's whole content, for reports. */
  stated: Record<string, unknown>
}

const generationFile = z.looseObject({ eos_token_id: tokenIds.optional() })

/** Reads the content of a generation_config.json. `where` names the file in messages. Throws InputError. */
export function parseGenerationConfig(json: unknown, where: string): GenerationConfig {
  const parsed = generationFile.safeParse(json)
  if (!parsed.success)
    throw new InputError(`${where}: ${describeIssues(parsed.error)}; mend or remove the file`)
  return { eosTokenIds: parsed.data.eos_token_id ?? null, stated: json as Record<string, unknown> }
}

/** Decoding settings as the file states them; undefined where it does not. */
export interface StatedDecoding {
  temperature: number
  topK: number | undefined
  topP: number | undefined
  minP: number | undefined
  repetitionPenalty: number | undefined
  numBeams: number | undefined
  lengthPenalty: number | undefined
}

const positive = z.number().positive()
const decodingFields = z.looseObject({
  do_sample: z.boolean().nullish(),
  temperature: z.number().refine(isTemperature, `expected ${temperatureBounds}`).nullish(),
  top_k: z.int().min(-1).nullish(),
  top_p: positive.max(1).nullish(),
  min_p: z.number().nonnegative().lt(1).nullish(),
  repetition_penalty: z.number().min(penaltyBounds.least).max(penaltyBounds.most).nullish(),
  num_beams: positive.int().max(mostBeams).nullish(),
  length_penalty: z.number().min(-mostLengthPenalty).max(mostLengthPenalty).nullish(),
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

/** Where a file that samples states no top_k at all; null and what is below 1 are no filter. */
const transformersTopK = 50

/**
 * The decoding that the file asks for, as Transformers reads it: temperature 0 unless `do_sample` is true, then 1 and a top_k
 * of 50 where none is stated; a top_k of 0, −1 or null, a top_p of 1 and a min_p of 0 are none. `ignored` names fields that change decoding in
 * ways that are not served. `where` names the file in messages. Throws InputError.
 */
export function readStatedDecoding(
  stated: Record<string, unknown>,
  where: string,
): { decoding: StatedDecoding; ignored: string[] } {
  const parsed = decodingFields.safeParse(stated)
  if (!parsed.success)
    throw new InputError(
      `${where}: ${describeIssues(parsed.error)}; mend it, or leave out --generation-config`,
    )
  const file = parsed.data
  const served = [...Object.keys(decodingFields.shape), ...otherFields]
  const samples = file.do_sample === true
  return {
    decoding: {
      temperature: samples ? (file.temperature ?? 1) : 0,
      topK: samples ? keptByTopK(file.top_k) : undefined,
      topP: samples && (file.top_p ?? 1) < 1 ? file.top_p! : undefined,
      minP: samples ? file.min_p || undefined : undefined,
      repetitionPenalty: file.repetition_penalty ?? undefined,
      numBeams: file.num_beams ?? undefined,
      lengthPenalty: (file.num_beams ?? 1) > 1 ? (file.length_penalty ?? undefined) : undefined,
    },
    ignored: Object.keys(stated).filter(name => !served.includes(name) && stated[name] !== null),
  }
}

function keptByTopK(stated: number | null | undefined): number | undefined {
  const topK = stated === undefined ? transformersTopK : (stated ?? 0)
  return topK > 0 ? topK : undefined
}
