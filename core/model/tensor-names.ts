import type { TensorEntry } from '../formats/safetensors.ts'
import { InputError } from '../input-error.ts'
import type { ModelConfig } from './config.ts'

/** A tensor of a checkpoint, by the name and shape that Transformers gives it. Linear weights are [out, in]. */
export interface ExpectedTensor {
  name: string
  shape: number[]
}

/** Every tensor of a Qwen2 checkpoint of this config, in the order of the forward pass. */
export function expectedTensors(config: ModelConfig): ExpectedTensor[] {
  const { vocabSize: V, hiddenSize: D, intermediateSize: F } = config
  const queryWidth = config.heads * config.headDim
  const keyValueWidth = config.keyValueHeads * config.headDim
  const layer = (index: number): ExpectedTensor[] =>
    (
      [
        ['input_layernorm.weight', [D]],
        ['self_attn.q_proj.weight', [queryWidth, D]],
        ['self_attn.q_proj.bias', [queryWidth]],
        ['self_attn.k_proj.weight', [keyValueWidth, D]],
        ['self_attn.k_proj.bias', [keyValueWidth]],
        ['self_attn.v_proj.weight', [keyValueWidth, D]],
        ['self_attn.v_proj.bias', [keyValueWidth]],
        ['self_attn.o_proj.weight', [D, queryWidth]],
        ['post_attention_layernorm.weight', [D]],
        ['mlp.gate_proj.weight', [F, D]],
        ['mlp.up_proj.weight', [F, D]],
        ['mlp.down_proj.weight', [D, F]],
      ] satisfies [string, number[]][]
    ).map(([name, shape]) => ({ name: `model.layers.${index}.${name}`, shape }))
  return [
    { name: 'model.embed_tokens.weight', shape: [V, D] },
    ...Array.from({ length: config.layers }, (_, index) => layer(index)).flat(),
    { name: 'model.norm.weight', shape: [D] },
    ...(config.tieWordEmbeddings ? [] : [{ name: 'lm_head.weight', shape: [V, D] }]),
  ]
}

/** Says whether a tensor is one that a model of this config computes with. */
export function neededTensors(config: ModelConfig): (name: string) => boolean {
  const names = new Set(expectedTensors(config).map(({ name }) => name))
  return name => names.has(name)
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
  const expected = expectedTensors(config)
  const missing = expected.filter(tensor => !entries.has(tensor.name))
  const [first] = missing
  if (first)
    throw new InputError(
      `${where}: tensor ${first.name} is missing${missing.length > 1 ? `, with ${missing.length - 1} more` : ''}: ` +
        `expected ${expected.length} tensors, found ${entries.size}; ` +
        (describeOtherNames(first.name, [...entries.keys()]) ??
          'the checkpoint is incomplete, or not of this config.json'),
    )
  for (const { name, shape } of expected) {
    const found = entries.get(name)?.shape ?? []
    if (found.join() !== shape.join())
      throw new InputError(
        `${where}: tensor ${name} is [${found.join(', ')}], expected [${shape.join(', ')}] by config.json; ` +
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
    remedy: 'use a text-only checkpoint; its text part alone is not read',
  },
  {
    prefix: /^$/,
    madeBy: 'a model that was saved without its head has (Qwen2Model)',
    remedy: 'save the whole model (Qwen2ForCausalLM)',
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
