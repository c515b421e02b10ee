import type { GgufMetadata } from '../files/gguf.ts'
import { InputError } from '../input-error.ts'
import type { ModelConfig } from './config.ts'
import { mostLayers } from './config-keys.ts'

/** Columns that an MLP or an expert has at most. */
export const mostWidth = 2 ** 20

/** Keys that change nothing that is computed here, beside those of what sees and hears. */
const withoutEffect = new Set(
  (
    'vocab_size tensor_data_layout rope.scaling.finetuned attention.value_length expert_used_count interleave_moe_layer_step ' +
    'rope.scale_linear expert_weights_norm'
  ).split(' '),
)

/** Metadata of one architecture, by keys without its name before them. Each throws InputError for what it does not expect. */
export interface Fields {
  /** The file, for messages. */
  where: string
  /** A key as the file has it. */
  key(own: string): string
  /** A count or a size, at least 1. */
  size(own: string, most: number, otherwise?: number): number
  /** An integer, at least 0. */
  whole(own: string, otherwise: number): number
  positive(own: string, otherwise?: number): number
  /** A number above 1: its logarithm divides. */
  base(own: string, otherwise: number): number
  /** A number, at least 0, which is none where it is 0. */
  cap(own: string, otherwise: number): number | null
  text(own: string, otherwise: string): string
  /** Keys of the architecture that were not asked for. */
  unread(): string[]
}

/** What a GGUF file says of its model, as the functions that read it need it. */
export interface Stated extends Fields {
  architecture: string
  /** Whether the file holds a tensor. */
  has(tensor: string): boolean
  /** Numbers of the small tensors that scale rotary embeddings, by name. */
  ropeFactors: ReadonlyMap<string, number[]>
  sizes: Pick<
    ModelConfig,
    | 'layers'
    | 'hiddenSize'
    | 'intermediateSize'
    | 'heads'
    | 'keyValueHeads'
    | 'headDim'
    | 'maxPositionEmbeddings'
  >
}

export function fieldsOf(metadata: GgufMetadata, architecture: string): Fields {
  const read = new Set<string>()
  const key = (own: string) => `${architecture}.${own}`
  const refuse = (own: string, expected: string): never => {
    const found = metadata.has(key(own)) ? `is ${metadata.describe(key(own))}` : 'is missing'
    throw new InputError(
      `${metadata.name}: ${key(own)} ${found}, expected ${expected}; convert the model again, or fetch another file`,
    )
  }
  function number(own: string, expected: string, isFit: (value: number) => boolean, otherwise?: number) {
    read.add(own)
    const entries = metadata.count(key(own)) ?? 0
    if (entries > mostLayers)
      return refuse(own, `${expected}, or one for each of at most ${mostLayers} layers`)
    const value = oneOfAll(metadata.get(key(own)) ?? otherwise)
    if (value === null) return refuse(own, `${expected}, the same in every layer`)
    return typeof value === 'number' && isFit(value) ? value : refuse(own, expected)
  }
  const isPositive = (value: number) => value >= 1e-30 && value <= 1e30
  return {
    where: metadata.name,
    key,
    size: (own, most, otherwise) =>
      number(
        own,
        `an integer from 1 to ${most}`,
        value => Number.isInteger(value) && value >= 1 && value <= most,
        otherwise,
      ),
    whole: (own, otherwise) =>
      number(own, 'an integer, at least 0', value => Number.isSafeInteger(value) && value >= 0, otherwise),
    positive: (own, otherwise) => number(own, 'a number above 0', isPositive, otherwise),
    base: (own, otherwise) =>
      number(own, 'a number above 1', value => value > 1 && isPositive(value), otherwise),
    cap: (own, otherwise) =>
      number(own, 'a number, at least 0', value => value === 0 || isPositive(value), otherwise) || null,
    text(own, otherwise) {
      read.add(own)
      const value = metadata.get(key(own)) ?? otherwise
      return typeof value === 'string' ? value : refuse(own, 'a text')
    },
    unread: () =>
      Array.from(metadata.keys())
        .filter(name => name.startsWith(`${architecture}.`))
        .map(name => name.slice(architecture.length + 1))
        .filter(own => !read.has(own) && !withoutEffect.has(own) && !/^(vision|mm)\./.test(own)),
  }
}

/** A value, or that of all entries of a list, as some files state sizes by layer; null where these differ. */
function oneOfAll(value: unknown): unknown {
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) return value
  const [first, ...others] = value as unknown as unknown[]
  return others.every(other => other === first) ? first : null
}
