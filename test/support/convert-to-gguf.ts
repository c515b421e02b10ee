import type { TensorEntry } from '../../core/files/safetensors.ts'
import { widen } from '../../core/files/widen.ts'
import type { ModelConfig } from '../../core/model/config.ts'
import { ggufName } from '../../core/model/gguf-model.ts'
import { layout } from '../../core/model/layout.ts'
import { type EncodedTensor, type EncodedValue, encodeGguf } from './encode-gguf.ts'

/** What llama.cpp's converter calls a family, and whether it puts rows of query and key in pairs. */
const architectures: Record<string, { name: string; pairsRows: boolean }> = {
  llama: { name: 'llama', pairsRows: true },
  mistral: { name: 'llama', pairsRows: true },
  mixtral: { name: 'llama', pairsRows: true },
  qwen2: { name: 'qwen2', pairsRows: false },
  qwen2_moe: { name: 'qwen2moe', pairsRows: false },
  qwen3: { name: 'qwen3', pairsRows: false },
  qwen3_moe: { name: 'qwen3moe', pairsRows: false },
  gemma2: { name: 'gemma2', pairsRows: false },
  gemma3_text: { name: 'gemma3', pairsRows: false },
  phi3: { name: 'phi3', pairsRows: false },
  olmo2: { name: 'olmo2', pairsRows: false },
  smollm3: { name: 'smollm3', pairsRows: true },
  granite: { name: 'granite', pairsRows: true },
}

const typeNumbers: Record<string, number> = { f32: 0, f16: 1, bf16: 30 }

/**
 * A checkpoint as llama.cpp's convert_hf_to_gguf.py writes it, in a vocabulary of numbered tokens. Without `entries` its numbers are 0.
 */
export async function convertToGguf(
  config: ModelConfig,
  entries: ReadonlyMap<string, TensorEntry> | null = null,
): Promise<Uint8Array> {
  const { name, pairsRows } = architectures[config.family]!
  const tensors = new Map<string, EncodedTensor>()
  for (const { name: own, whole, offset } of layout(config)) {
    const { name: inFile, expert } = ggufName(own, config)
    const entry = entries?.get(own)
    let type = whole.length === 1 ? 'f32' : (entry?.dtype ?? 'f32')
    const size = type === 'f32' ? 4 : 2
    let data = new Uint8Array(whole.reduce((product, length) => product * length, size))
    if (entry) {
      const bytes = await entry.source.slice(entry.start, entry.start + entry.byteLength)
      data = new Uint8Array(bytes)
      if (whole.length === 1) {
        type = 'f32'
        data = new Uint8Array(widen(bytes, entry.dtype as 'f32').map(value => value + offset).buffer)
      }
    }
    if (pairsRows && /self_attn\.[qk]_proj/.test(own)) data = inPairs(data, whole[0]!, config.headDim)
    const dims = whole.toReversed()
    const before = tensors.get(inFile)
    if (expert === null) tensors.set(inFile, { name: inFile, dims, type: typeNumbers[type]!, data })
    else
      tensors.set(inFile, {
        name: inFile,
        dims: [...dims, expert + 1],
        type: typeNumbers[type]!,
        data: new Uint8Array(Buffer.concat([before?.data ?? new Uint8Array(), data])),
      })
  }
  for (const tensor of ropeTensors(config)) tensors.set(tensor.name, tensor)
  return encodeGguf(metadataOf(config, name), [...tensors.values()])
}

/** Rows of each head in pairs: what was row h·d/2 + i of a head becomes its row 2i + h. */
function inPairs(data: Uint8Array, rows: number, headDim: number): Uint8Array<ArrayBuffer> {
  const rowBytes = data.length / rows
  const out = new Uint8Array(data.length)
  for (let row = 0; row < rows; row++) {
    const [head, within] = [Math.floor(row / headDim), row % headDim]
    const half = Math.floor(within / (headDim / 2))
    const to = head * headDim + 2 * (within % (headDim / 2)) + half
    out.set(data.subarray(row * rowBytes, (row + 1) * rowBytes), to * rowBytes)
  }
  return out
}

function metadataOf(config: ModelConfig, architecture: string): Record<string, EncodedValue> {
  const rope = config.ropes[0]!
  const { scaling } = rope
  const real = (value: number): EncodedValue => ({
    type: 6,
    bytes: new Uint8Array(new Float32Array([value]).buffer),
  })
  const window = config.layerAttention.find(layer => layer.window !== null)?.window
  const own: Record<string, EncodedValue | undefined> = {
    block_count: config.layers,
    context_length: config.maxPositionEmbeddings,
    embedding_length: config.hiddenSize,
    feed_forward_length: config.intermediateSize,
    'attention.head_count': config.heads,
    'attention.head_count_kv': config.keyValueHeads,
    'attention.key_length': config.headDim,
    'attention.value_length': config.headDim,
    'attention.layer_norm_rms_epsilon': real(config.rmsNormEps),
    'rope.freq_base': real(rope.theta),
    'rope.dimension_count': rope.width,
    'attention.sliding_window': window ?? undefined,
    attn_logit_softcapping: config.attentionCap === null ? undefined : real(config.attentionCap),
    final_logit_softcapping: config.logitsCap === null ? undefined : real(config.logitsCap),
    ...(architecture === 'granite' && {
      embedding_scale: real(config.embeddingScale),
      residual_scale: real(config.residualScale),
      'attention.scale': real(config.attentionScale),
      logit_scale: real(1 / config.logitsScale),
    }),
    ...(config.experts && {
      expert_count: config.experts.count,
      expert_used_count: config.experts.perToken,
      ...(config.family !== 'mixtral' && { expert_feed_forward_length: config.experts.width }),
      ...(config.experts.shared && { expert_shared_feed_forward_length: config.experts.shared.width }),
    }),
    ...(scaling?.type === 'linear' && {
      'rope.scaling.type': 'linear',
      'rope.scaling.factor': real(scaling.factor),
    }),
    ...(scaling?.type === 'yarn' && {
      'rope.scaling.type': 'yarn',
      'rope.scaling.factor': real(scaling.factor),
      'rope.scaling.original_context_length': scaling.originalContext,
    }),
    ...(scaling?.type === 'longrope' && {
      'rope.scaling.original_context_length': scaling.originalContext,
      'rope.scaling.attn_factor': real(scaling.attentionFactor),
    }),
  }
  const stated = Object.entries(own).filter(([, value]) => value !== undefined) as [string, EncodedValue][]
  const tokens = Array.from({ length: config.vocabSize }, (_, id) => `t${id}`)
  return {
    'general.architecture': architecture,
    ...Object.fromEntries(stated.map(([key, value]) => [`${architecture}.${key}`, value])),
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'llama-bpe',
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.token_type': new Int32Array(tokens.length).fill(1),
    'tokenizer.ggml.merges': ['t 0'],
  }
}

/** The tensors in which scalings of rotary embeddings are that metadata do not state. */
function ropeTensors({ ropes }: ModelConfig): EncodedTensor[] {
  const { theta, width, scaling } = ropes[0]!
  const tensor = (name: string, factors: number[]): EncodedTensor => ({
    name: `${name}.weight`,
    dims: [factors.length],
    type: 0,
    data: new Uint8Array(new Float32Array(factors).buffer),
  })
  if (scaling?.type === 'longrope')
    return [
      tensor('rope_factors_long', scaling.longFactors),
      tensor('rope_factors_short', scaling.shortFactors),
    ]
  if (scaling?.type !== 'llama3') return []
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling
  const factors = Array.from({ length: width / 2 }, (_, pair) => {
    const turns = originalContext / (2 * Math.PI * theta ** ((2 * pair) / width))
    const smooth = Math.min(1, Math.max(0, (turns - low) / (high - low)))
    return 1 / ((1 - smooth) / factor + smooth)
  })
  return [tensor('rope_freqs', factors)]
}
