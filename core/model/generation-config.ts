import { z } from 'zod'
import { describeIssues, InputError } from '../input-error.ts'
import { tokenIds } from './config.ts'

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
    throw new InputError(`${where}: ${describeIssues(parsed.error)}; fix or remove the file`)
  return { eosTokenIds: parsed.data.eos_token_id ?? null, stated: json as Record<string, unknown> }
}
