import { readJson, settingsJson } from '../files/read-json.ts'
import type { TensorEntry } from '../files/safetensors.ts'
import { type ModelFiles, openWeights } from '../files/weight-files.ts'
import { InputError } from '../input-error.ts'
import { type ModelConfig, parseConfig } from './config.ts'
import { familyOf } from './families.ts'
import { parseGenerationConfig } from './generation-config.ts'
import { layout, type WeightTypes } from './layout.ts'

/** Reads config.json; `missing` says in words what is wrong where there is none. Throws InputError. */
export async function openConfig(files: ModelFiles, missing: string): Promise<ModelConfig> {
  const source = await files.open('config.json')
  if (!source) throw new InputError(`${files.name}: ${missing}`)
  return parseConfig(await readJson(source, settingsJson), source.name)
}

/** Opens the files of a model of this config and checks all of them but the tensors' data, which it does not read. Throws InputError. */
export async function openCheckpoint(files: ModelFiles, config: ModelConfig) {
  const source = await files.open('generation_config.json')
  const generationConfig = source && parseGenerationConfig(await readJson(source, settingsJson), source.name)
  const entries = textTensors(config, await openWeights(files, neededTensors(config)))
  checkTensors(config, entries, files.name)
  return {
    /** What messages call the model: a path or an address. */
    where: files.name,
    config,
    /** Null without a generation_config.json. */
    generationConfig,
    /** Every tensor that the config expects is among them, in its shape. */
    entries,
  }
}

/** The files of a model, open and checked. */
export type Checkpoint = Awaited<ReturnType<typeof openCheckpoint>>

/** Says whether a tensor is one that a model of this config computes with. */
export function neededTensors(config: ModelConfig): (name: string) => boolean {
  const names = new Set(layout(config).map(({ name }) => name))
  return name => names.has(textTensorName(config, name))
}

/** What a text half's tensors are called in a model of images and text, by older and newer versions of Transformers. */
const textPrefixes: [RegExp, string][] = [
  [/^language_model\./, ''],
  [/^model\.language_model\./, 'model.'],
]

/** A tensor's name in the decoder alone: that of a model of images and text has more before it. */
function textTensorName({ family }: ModelConfig, name: string): string {
  if (!familyOf(family).textConfig) return name
  return textPrefixes.reduce((own, [prefix, instead]) => own.replace(prefix, instead), name)
}

/** The tensors of a checkpoint by their names in the decoder. */
function textTensors(config: ModelConfig, entries: Map<string, TensorEntry>): Map<string, TensorEntry> {
  return new Map(
    Array.from(entries.values(), entry => {
      const name = textTensorName(config, entry.name)
      return [name, { ...entry, name }]
    }),
  )
}

/** Bytes that all ranks of a group account for while loading: a checkpoint may hold further tensors. */
export function weightBytes(config: ModelConfig, entries: ReadonlyMap<string, TensorEntry>): number {
  const names = new Set(layout(config).map(({ name }) => name))
  return Array.from(names, name => entries.get(name)?.byteLength ?? 0).reduce((sum, bytes) => sum + bytes, 0)
}

/** The types in which a model's tensors are stored: of files whose headers were read each tensor's own, else the one that its config states. */
export function typesOf(
  config: ModelConfig,
  entries: ReadonlyMap<string, TensorEntry> | null,
): { types: WeightTypes; names: string } {
  const one = config.dtype ?? 'bf16'
  if (!entries || entries.size === 0) return { types: one, names: one }
  const matrices = [...entries.values()].filter(({ shape }) => shape.length > 1)
  return {
    types: name => entries.get(name)?.dtype ?? one,
    names: [...new Set(matrices.map(({ dtype }) => dtype))].sort().join(', '),
  }
}

/**
 * Throws InputError unless every expected tensor is there in its shape. `where` names the model in messages. Further
 * tensors are ignored, as is the lm_head that some tied checkpoints still carry.
 */
export function checkTensors(
  config: ModelConfig,
  entries: ReadonlyMap<string, TensorEntry>,
  where: string,
): void {
  const expected = [...new Map(layout(config).map(({ name, whole }) => [name, { name, whole }])).values()]
  const missing = expected.filter(tensor => !entries.has(tensor.name))
  const [first] = missing
  if (first)
    throw new InputError(
      `${where}: tensor ${first.name} is missing${missing.length > 1 ? `, with ${missing.length - 1} more` : ''}: ` +
        `expected ${expected.length} tensors, found ${entries.size}; ` +
        (describeOtherNames(first.name, [...entries.keys()]) ??
          'the checkpoint is incomplete, or not of this config.json'),
    )
  for (const { name, whole } of expected) {
    const found = entries.get(name)?.shape ?? []
    if (found.join() !== whole.join())
      throw new InputError(
        `${where}: tensor ${name} is [${found.join(', ')}], expected [${whole.join(', ')}] by config.json; ` +
          'weights and config.json are of different models',
      )
  }
}

/** What puts other words before a tensor's name than `model.`, and what to do about it. */
const otherPrefixes: { prefix: RegExp; madeBy: string; remedy: string }[] = [
  {
    prefix: /^base_model\.model\./,
    madeBy: 'PEFT writes around a model with an adapter',
    remedy: 'merge the adapter into the model (merge_and_unload) and save that',
  },
  {
    prefix: /language_model\./,
    madeBy: 'a model of images and text gives to its text part',
    remedy: 'use it with the config.json of the whole model, or a text-only checkpoint',
  },
  {
    prefix: /^$/,
    madeBy: 'a model that was saved without its head has',
    remedy: 'save the whole model (AutoModelForCausalLM)',
  },
  {
    prefix: /./,
    madeBy: 'something put around the model',
    remedy: 'save the model itself (save_pretrained of what it holds)',
  },
]

/** Under which other words a missing tensor's namesake stands; null where there is none. */
function describeOtherNames(missing: string, found: readonly string[]): string | null {
  const namesakeOf = (own: string) => found.find(name => name === own || name.endsWith(`.${own}`))
  const own = namesakeOf(missing) === undefined ? missing.replace(/^model\./, '') : missing
  const namesake = namesakeOf(own)
  if (namesake === undefined) return null
  const prefix = namesake.slice(0, -own.length)
  const count = found.filter(name => name.startsWith(prefix)).length
  const { madeBy, remedy } = otherPrefixes.find(known => known.prefix.test(prefix))!
  const where =
    prefix === ''
      ? `found ${namesake}, without "model." before it`
      : `found ${namesake}: ${count === found.length ? `all ${count}` : `${count} of them`} have "${prefix}" before their names`
  return `${where}, as ${madeBy}; ${remedy}`
}
