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
  if (missing.length > 0)
    throw new InputError(
      `${where}: tensor ${missing[0]?.name} is missing${missing.length > 1 ? `, with ${missing.length - 1} more` : ''}: ` +
        `expected ${expected.length} tensors, found ${entries.size}; the checkpoint is incomplete, or not of this config.json`,
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
