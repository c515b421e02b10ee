import { join } from 'node:path'
import type { Command } from 'commander'
import {
  modelStops,
  type SaidStops,
  type StatedEnds,
  type Stops,
  stopTokens,
} from '../../core/generate/answer-end.ts'
import {
  type AskedDecoding,
  chooseDecoding,
  type Decoding,
  type DecodingSetting,
  decodingNames,
  decodingSettings,
  readStatedDecoding,
} from '../../core/generate/decoding.ts'
import { InputError } from '../../core/input-error.ts'
import type { Tokenizer, TokenizerEnds } from '../../core/tokenizer/tokenizer.ts'
import type { ModelFolder } from '../models/open-model.ts'
import { numberWhere, wholeNumberWhere } from './number-parsers.ts'

/** Flags that say how tokens are chosen. */
export type DecodingFlags = { [Name in keyof Decoding]?: number } & { generationConfig: boolean }

/** Adds the flags that say how tokens are chosen. */
export function addDecodingFlags(command: Command): Command {
  for (const setting of Object.values(decodingSettings))
    command.option(setting.flag, setting.help, parserOf(setting))
  return command.option(
    '--generation-config',
    "decode as the model's generation_config.json says, where no flag says otherwise",
    false,
  )
}

/** Parser of a setting's flag. It gives 0 for none, since commander makes a text of null. */
function parserOf({ values, bounds, isWhole, noneTexts = [] }: DecodingSetting<number | null>) {
  const isWithin = (value: number) => values.safeParse(value).success
  const parse = isWhole
    ? wholeNumberWhere(value => value >= 1 && isWithin(value), bounds)
    : numberWhere(isWithin, bounds)
  return (text: string) => (noneTexts.includes(text) ? 0 : parse(text))
}

/** What flags and, where it is asked for, the model's file say of decoding. Throws InputError. */
export function decodingOf(flags: DecodingFlags, folder: ModelFolder, say: (message: string) => void) {
  const asked: AskedDecoding = Object.fromEntries(
    decodingNames.map(name => [
      name,
      decodingSettings[name].noneTexts && flags[name] === 0 ? null : flags[name],
    ]),
  )
  if (!flags.generationConfig) return chooseDecoding(asked)
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

/** Flags that say where answers end. */
export interface StopFlags {
  stopToken: string[]
  stop: string[]
  ignoreEos: boolean
}

/** Parser of a flag that may be given several times: all that it was given. */
export function eachOf(text: string, before: string[]): string[] {
  return [...before, text]
}

/** Adds the flags that say where answers end. */
export function addStopFlags(command: Command): Command {
  return command
    .option(
      '--stop-token <id>',
      "a token that ends an answer too: its id, or its text where that is one token; may be given several times (the model's own, of its configs, tokenizer and chat template, always end one)",
      eachOf,
      [],
    )
    .option(
      '--stop <text>',
      'end an answer before this text, which is left out; may be given several times',
      eachOf,
      [],
    )
    .option(
      '--ignore-eos',
      "run to the limit, or to --stop and --stop-token: the model's own tokens do not end an answer",
      false,
    )
}

/** What is known of a model when it is said where its answers end. */
export interface StopModel {
  stated: StatedEnds
  /** Null without one. */
  tokenizer: (Tokenizer & TokenizerEnds) | null
  /** Whether its prompts are of the chat template, whose end of turn then ends an answer. */
  usesTemplate: boolean
  /** Rows of its logits; null where not known. */
  vocabSize: number | null
}

/** Where answers end: at the model's own tokens, unless flags say otherwise, and where flags say. Throws InputError. */
export function chooseStops({ stopToken, stop, ignoreEos }: StopFlags, model: StopModel): Stops {
  const { stated, tokenizer, usesTemplate } = model
  const ends: Partial<TokenizerEnds> = tokenizer
    ? { eosId: tokenizer.eosId, ...(usesTemplate && { endOfTurnId: tokenizer.endOfTurnId }) }
    : {}
  const texts = stop.map(text => readStopText(text, tokenizer))
  const said: SaidStops[] = [
    ...(ignoreEos ? [] : modelStops(stated, ends)),
    ['--stop-token', stopToken.map(text => readStopToken(text, model)).sort((a, b) => a - b)],
    ['--stop', texts.flatMap(({ id }) => id ?? [])],
  ]
  return {
    tokens: stopTokens(said, tokenizer?.tokenText ?? null),
    texts: [...new Set(texts.flatMap(({ text, id }) => (id === null ? [text] : [])))].sort(),
  }
}

function readStopToken(text: string, { tokenizer, vocabSize }: StopModel): number {
  if (/^\d+$/.test(text)) {
    const id = Number(text)
    if (vocabSize === null || id < vocabSize) return id
    throw new InputError(
      `--stop-token ${text}: is not in the vocabulary, expected an id from 0 to ${vocabSize - 1}`,
    )
  }
  if (!tokenizer)
    throw new InputError(
      `--stop-token ${JSON.stringify(text)}: is no id, and the model has no tokenizer to look the text up in; give the token's id`,
    )
  const [id, ...further] = tokenizer.encode(text)
  if (id !== undefined && further.length === 0 && tokenizer.tokenText(id) === text) return id
  throw new InputError(
    `--stop-token ${JSON.stringify(text)}: is the text of no one token (of ${id === undefined ? 0 : 1 + further.length}); ` +
      "give a token's id or its text, or use --stop for a text of any length",
  )
}

/** A text that ends answers, or the id of the token that it names: special tokens leave nothing in an answer's text. */
function readStopText(text: string, tokenizer: Tokenizer | null): { text: string; id: number | null } {
  if (text === '') throw new InputError('--stop "": is empty, expected the text that ends an answer')
  if (!tokenizer)
    throw new InputError(
      `--stop ${JSON.stringify(text)}: the model has no tokenizer, so its answers have no text; use --stop-token with a token's id`,
    )
  const ids = tokenizer.encode(text)
  const special = ids.find(id => tokenizer.decode([id]) === '' && tokenizer.tokenText(id) !== '')
  if (special === undefined) return { text, id: null }
  if (ids.length === 1) return { text, id: special }
  throw new InputError(
    `--stop ${JSON.stringify(text)}: holds the special token ${tokenizer.tokenText(special)}, which is left out of an answer's text; ` +
      `use --stop-token ${special} for it, and --stop for the rest`,
  )
}
