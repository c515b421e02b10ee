import { join } from 'node:path'
import type { Command } from 'commander'
import { type ChosenDecoding, chooseDecoding, type Decoding } from '../../core/generate/decoding.ts'
import { InputError } from '../../core/input-error.ts'
import { mostBeams, mostLengthPenalty, readStatedDecoding } from '../../core/model/generation-config.ts'
import { isTemperature, penaltyBounds, temperatureBounds } from '../../core/model/sampling.ts'
import type { ModelFolder } from '../files/open-model-folder.ts'
import { integer, number, numberWhere } from './number-parsers.ts'

/** Flags that say how tokens are chosen. */
export interface DecodingFlags {
  temperature?: number
  /** Null for all tokens. */
  topK?: number | null
  topP?: number
  minP?: number
  repetitionPenalty?: number
  numBeams?: number
  lengthPenalty?: number
  generationConfig: boolean
}

/** Adds the flags that say how tokens are chosen. */
export function addDecodingFlags(command: Command): Command {
  return command
    .option(
      '--temperature <x>',
      '0 chooses the likeliest token; from 0.000001 to 100, samples (default: 0)',
      numberWhere(isTemperature, temperatureBounds),
    )
    .option('--top-k <n>', 'sample from the n likeliest tokens only; 0 and -1 are all', topKOf)
    .option(
      '--top-p <x>',
      'sample from the fewest likeliest tokens that have this share of the probability, above 0 and up to 1',
      numberWhere(x => x > 0 && x <= 1, 'above 0 and up to 1'),
    )
    .option(
      '--min-p <x>',
      'sample from tokens at least this share as likely as the likeliest, from 0 to below 1',
      numberWhere(x => x >= 0 && x < 1, 'from 0 to below 1'),
    )
    .option(
      '--repetition-penalty <x>',
      'makes tokens of the prompt and the answer so far less likely, as Transformers does; 1 is none',
      number(penaltyBounds.least, penaltyBounds.most),
    )
    .option('--num-beams <n>', 'beam search of so many beams; 1 is none', integer(1, mostBeams))
    .option(
      '--length-penalty <x>',
      'of beam search: the sum of log-probabilities is divided by length ^ x (default: 1)',
      number(-mostLengthPenalty, mostLengthPenalty),
    )
    .option(
      '--generation-config',
      "decode as the model's generation_config.json says, where no flag says otherwise",
      false,
    )
}

/** What flags and, where it is asked for, the model's file say of decoding. Throws InputError. */
export function decodingOf(
  flags: DecodingFlags,
  folder: ModelFolder,
  say: (message: string) => void,
): ChosenDecoding {
  const { generationConfig, temperature, topK, topP, minP, repetitionPenalty, numBeams, lengthPenalty } =
    flags
  const asked = { temperature, topK, topP, minP, repetitionPenalty, numBeams, lengthPenalty }
  if (!generationConfig) return chooseDecoding(asked)
  const path = join(folder.path, 'generation_config.json')
  if (!folder.generationConfig)
    throw new InputError(
      `--generation-config: the model has no ${path}; say how to decode with flags, as --temperature`,
    )
  const { decoding, ignored } = readStatedDecoding(folder.generationConfig.stated, path)
  if (ignored.length > 0) say(`${path}: ignored ${ignored.join(', ')}, which entrace does not serve`)
  const chosen = chooseDecoding(asked, decoding)
  const taken = Object.entries(chosen.sources).filter(([, source]) => source === 'generation_config.json')
  const settings = taken.map(([name]) => `${name} ${chosen.decoding[name as keyof Decoding]}`)
  say(`${path}: took ${settings.join(', ') || 'nothing, since flags say otherwise'}`)
  return chosen
}

/** The likeliest tokens to sample from; 0 and −1 leave all, as other programs have it. */
function topKOf(text: string): number | null {
  return text === '0' || text === '-1' ? null : integer(1)(text)
}
