import { Tokenizer as Library } from '@huggingface/tokenizers'
import { InputError } from '../input-error.ts'
import { type Allowance, BoundedPattern, replaceMatches } from './bounded-pattern.ts'

/** A normaliser, a pre-tokenizer or a decoder as the library makes it, and what it may hold. */
interface Step {
  pattern?: unknown
  normalizers?: (Step | null)[]
  tokenizers?: (Step | null)[]
  decoders?: (Step | null)[]
  normalize?(text: string): string
  pre_tokenize?(text: string | string[], options?: object): string[]
  decode_chain?(tokens: string[]): string[]
}

/** The same as the file states it. */
interface StepConfig {
  type?: unknown
  pattern?: { Regex?: unknown; String?: unknown }
  [field: string]: unknown
}

const mostSteps = 50
const mostPatternCharacters = 10_000
/** Of texts that a step puts in for a single character, or before all. */
const mostInserted = 1_000

/** A word is looked up in each of its parts. */
const mostWordCharacters = 200

/** Steps and characters that any text is allowed, and those that it is for each of its own characters. */
const baseSteps = 50_000
const stepsPerCharacter = 200
const baseCharacters = 100_000
const charactersPerCharacter = 100

/** The steps that looking up a part of a text takes: one, and one more for so many of its units. */
export function lookUpSteps(units: number): number {
  return 1 + units / 32
}

/**
 * What a tokenizer makes of one text is bounded by the text's length. Begin anew with each; throws InputError, with what the
 * file states and where, once more is done than that.
 */
export class TextAllowance implements Allowance {
  /** The step that works now: what it is called in the file, and what it looks for. */
  where = ''
  readonly #name: string
  #length = 0
  #steps = 0
  #characters = 0

  constructor(name: string) {
    this.#name = name
  }

  begin(length: number): void {
    this.#length = length
    this.#steps = baseSteps + stepsPerCharacter * length
    this.#characters = baseCharacters + charactersPerCharacter * length
  }

  step(count: number): void {
    this.#steps -= count
    if (this.#steps < 0) this.#refuse('takes too many steps', 'it can divide it in countless ways')
  }

  write(characters: number): void {
    this.#characters -= characters
    if (this.#characters < 0) this.#refuse('writes too much', 'it makes more and more of it')
  }

  #refuse(what: string, why: string): never {
    throw new InputError(
      `${this.#name}: ${this.where} ${what} for a text of ${this.#length} characters: ${why}; do not use this tokenizer, or give --prompt-ids`,
    )
  }
}

/**
 * Regular expressions of published tokenizers which were seen to take few steps on any text: they are left to JavaScript's
 * own engine, which is ten times as fast. From Transformers 5 (models/qwen2), GPT-2's and Llama 3's tokenizer.json.
 */
export const knownPatterns = {
  qwen2:
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  gpt2: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  llama3:
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
} as const

/**
 * Makes the steps before the vocabulary, and bounds what they and `decoder`, which is changed, may do. Throws what the library
 * throws, and InputError for a step that cannot be bounded.
 */
export function openSteps(
  name: string,
  tokenizer: Record<string, unknown>,
  decoder: unknown,
  allowance: TextAllowance,
) {
  const { normalizer = null, pre_tokenizer = null } = tokenizer
  for (const [field, config] of Object.entries({ normalizer, pre_tokenizer, decoder: tokenizer['decoder'] }))
    checkConfig(name, field, config)
  const word = (tokenizer['model'] as Record<string, unknown>)['max_input_chars_per_word'] ?? 0
  if (!(typeof word === 'number' && word <= mostWordCharacters))
    throw new InputError(
      `${name}: model: max_input_chars_per_word is ${JSON.stringify(word).slice(0, 80)}, expected at most ${mostWordCharacters}; fetch the file again`,
    )
  // The library would normalise the added tokens as soon as it is made.
  const others = { post_processor: null, decoder: null, added_tokens: [], model: noModel }
  const library = new Library({ normalizer, pre_tokenizer, ...others } as object, {})
  const made = { normalizer: library.normalizer, pre_tokenizer: library.pre_tokenizer, decoder }
  for (const [field, step] of Object.entries(made))
    bound(name, field, step as Step | null, (tokenizer[field] ?? null) as StepConfig | null, allowance)
  return { normalizer: library.normalizer, preTokenizer: library.pre_tokenizer }
}

const noModel = { type: 'BPE', vocab: {}, merges: [] }

/** Refuses what could not be stopped, or would grow a text before anything is counted. */
function checkConfig(name: string, field: string, config: unknown, count = { steps: 0 }): void {
  if (typeof config !== 'object' || config === null) return
  const refuse = (what: string, found: unknown, expected: string) => {
    throw new InputError(
      `${name}: ${field}: ${what} is ${JSON.stringify(found)?.slice(0, 80)}, expected ${expected}; fetch the file again`,
    )
  }
  if (++count.steps > mostSteps) refuse('one of its steps', count.steps, `at most ${mostSteps}`)
  const step = config as StepConfig
  for (const key of ['prepend', 'replacement', 'str_rep', 'prefix'])
    if (step[key] != null && (typeof step[key] !== 'string' || step[key].length > mostInserted))
      refuse(key, step[key], `a text of at most ${mostInserted} characters`)
  if (step.content != null && typeof step.content !== 'string') refuse('content', step.content, 'a text')
  if (step.type === 'FixedLength' && !(Number.isInteger(step['length']) && (step['length'] as number) > 0))
    refuse('length', step['length'], 'a whole number above 0')
  if (['Split', 'Replace'].includes(String(step.type))) {
    const pattern = step.pattern?.Regex ?? step.pattern?.String
    if (typeof pattern !== 'string' || pattern.length > mostPatternCharacters)
      refuse('pattern', step.pattern, `a Regex or a String of at most ${mostPatternCharacters} characters`)
  }
  for (const [key, inner] of childrenOf(step)) checkConfig(name, `${field}.${key}`, inner, count)
}

function childrenOf(config: StepConfig): [string, unknown][] {
  return ['normalizers', 'pretokenizers', 'decoders'].flatMap(list =>
    Array.isArray(config[list])
      ? config[list].map((inner, index): [string, unknown] => [`${list}.${index}`, inner])
      : [],
  )
}

/** Puts a counted pattern in the place of a step's own, and counts what it writes; the same of the steps that it holds. */
function bound(
  name: string,
  field: string,
  step: Step | null,
  config: StepConfig | null,
  allowance: TextAllowance,
): void {
  if (!step || !config) return
  const inner = childrenOf(config)
  const steps = step.normalizers ?? step.tokenizers ?? step.decoders ?? []
  for (const [index, [key, child]] of inner.entries())
    bound(name, `${field}.${key}`, steps[index] ?? null, child as StepConfig, allowance)
  const { Regex: regex } = config.pattern ?? {}
  const where =
    typeof regex === 'string' ? `the pattern ${JSON.stringify(regex.slice(0, 80))} of ${field}` : field
  if (step.pattern instanceof RegExp && config.pattern)
    step.pattern = boundedPattern(`${name}: ${where}`, step.pattern, regex, config, allowance)
  if (inner.length > 0) return
  const counted = <Input, Output extends string | string[]>(
    work: (input: Input, options?: object) => Output,
  ) => {
    return (input: Input, options?: object) => {
      allowance.where = where
      const output = work.call(step, input, options)
      allowance.write(
        typeof output === 'string' ? output.length : output.reduce((sum, part) => sum + part.length + 1, 0),
      )
      return output
    }
  }
  // Own members go before those of the class.
  if (step.normalize) step.normalize = counted(step.normalize)
  if (step.pre_tokenize) step.pre_tokenize = counted(step.pre_tokenize)
  if (step.decode_chain) step.decode_chain = counted(step.decode_chain)
}

function boundedPattern(
  where: string,
  native: RegExp,
  regex: unknown,
  { type, content }: StepConfig,
  allowance: Allowance,
): object {
  const isKnown = typeof regex !== 'string' || Object.values<string>(knownPatterns).includes(regex)
  // A text that is looked for takes no more steps than there are characters.
  if (isKnown && type !== 'Replace') return native
  if (isKnown)
    return {
      flags: native.flags,
      [Symbol.match]: true,
      [Symbol.replace]: (text: string) =>
        replaceMatches(text.matchAll(native), text, String(content ?? ''), allowance),
    }
  try {
    return new BoundedPattern(native.source, allowance)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new InputError(
      `${where}: ${error.message.slice(0, 200)}; use another tokenizer, or give --prompt-ids, which needs none`,
    )
  }
}
