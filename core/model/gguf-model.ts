import type { ByteSource } from '../files/byte-source.ts'
import { type GgufFile, type GgufMetadata, type GgufTensor, openGguf } from '../files/gguf.ts'
import type { TensorEntry } from '../files/safetensors.ts'
import type { ModelFiles } from '../files/weight-files.ts'
import { InputError, shownName } from '../input-error.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { ModelConfig } from './config.ts'
import { missingTensor, parseGgufConfig } from './gguf-config.ts'
import { ggufShardNames } from './gguf-files.ts'
import { ropeFactorNames } from './gguf-rope.ts'
import { layout } from './layout.ts'

/** A model in GGUF, open and checked. */
export interface GgufCheckpoint extends Checkpoint {
  /** What its tokenizer is made from, too. */
  metadata: GgufMetadata
}

/**
 * Opens a model in GGUF, of one file or, where the name is that of a shard, of all its shards, and checks all of it but the tensors'
 * data, which it does not read. Throws InputError.
 */
export async function openGgufModel(files: ModelFiles, fileName: string): Promise<GgufCheckpoint> {
  const { metadata, tensors } = await openShards(files, fileName)
  const ropeFactors = new Map<string, number[]>()
  for (const name of ropeFactorNames) {
    const tensor = tensors.get(name)
    if (tensor) ropeFactors.set(name, await readFactors(tensor))
  }
  const { config, pairsRows } = parseGgufConfig(metadata, tensors, ropeFactors)
  const entries = namedByLayout(config, metadata, tensors, pairsRows)
  return { where: metadata.name, config, generationConfig: null, entries, metadata }
}

/** The metadata of a model in GGUF, of which its tokenizer is made, and the header that holds them; of a sharded one the first shard's. */
export async function openGgufMetadata(
  files: ModelFiles,
  fileName: string,
): Promise<{ metadata: GgufMetadata; header: ByteSource }> {
  const source = await openShard(files, ggufShardNames(fileName)[0]!)
  const { metadata, headerBytes } = await openGguf(source)
  const slice = (start: number, end = headerBytes) => source.slice(start, Math.min(end, headerBytes))
  return { metadata, header: { name: source.name, byteLength: headerBytes, slice } }
}

async function openShard(files: ModelFiles, name: string) {
  const source = await files.open(name)
  if (source) return source
  throw new InputError(
    `${files.name}: ${name} is missing, expected every shard of the model beside the others; fetch that file`,
  )
}

async function openShards(files: ModelFiles, fileName: string): Promise<Omit<GgufFile, 'headerBytes'>> {
  const names = ggufShardNames(fileName)
  const shards: GgufFile[] = []
  const tensors = new Map<string, GgufTensor>()
  for (const [index, name] of names.entries()) {
    const shard = await openGguf(await openShard(files, name))
    checkPlace(shard.metadata, index, names.length)
    for (const tensor of shard.tensors.values()) {
      const other = tensors.get(tensor.name)
      if (other)
        throw new InputError(
          `${shard.metadata.name}: tensor ${shownName(tensor.name)} is in ${other.source.name} too, expected each in one shard; fetch the shards together`,
        )
      tensors.set(tensor.name, tensor)
    }
    shards.push(shard)
  }
  const { metadata } = shards[0]!
  const total = metadata.get('split.tensors.count')
  if (total !== undefined && total !== tensors.size)
    throw new InputError(
      `${metadata.name}: split.tensors.count is ${metadata.describe('split.tensors.count')}, expected the ${tensors.size} tensors ` +
        'that the shards hold; they are of different models, fetch them together',
    )
  return { metadata, tensors }
}

/** Throws InputError unless a file is the shard that its name says. */
function checkPlace(metadata: GgufMetadata, index: number, count: number): void {
  const stated = { 'split.no': index, 'split.count': count }
  for (const [key, expected] of Object.entries(stated)) {
    const found = metadata.get(key)
    // A whole file may say so, or nothing.
    if (found === expected || (count === 1 && (found === undefined || found === 0))) continue
    throw new InputError(
      `${metadata.name}: ${key} is ${metadata.has(key) ? metadata.describe(key) : 'missing'}, expected ${expected} by the file's name ` +
        `("-00001-of-00003.gguf"); give a shard the name that it was made with`,
    )
  }
}

/** The numbers of a small f32 tensor. */
async function readFactors({ name, type, source, start, byteLength }: GgufTensor): Promise<number[]> {
  if (type !== 'f32' || byteLength > 4096)
    throw new InputError(
      `${source.name}: tensor ${name}: ${byteLength} bytes of type ${type.toUpperCase()}, expected at most 4096 of F32; the file is badly converted`,
    )
  return [...new Float32Array(await source.slice(start, start + byteLength))]
}

/** Tensors of no layer, by their names in a checkpoint. */
const globalNames: Record<string, string> = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  lm_head: 'output',
}
/** Tensors of a layer, by their names in a checkpoint; post_attention_layernorm is another where there are norms after. */
const layerNames: Record<string, string> = {
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.qkv_proj': 'attn_qkv',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  'self_attn.o_proj': 'attn_output',
  pre_feedforward_layernorm: 'ffn_norm',
  post_feedforward_layernorm: 'post_ffw_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.gate_up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
  'mlp.gate': 'ffn_gate_inp',
  'block_sparse_moe.gate': 'ffn_gate_inp',
  'mlp.shared_expert.gate_proj': 'ffn_gate_shexp',
  'mlp.shared_expert.up_proj': 'ffn_up_shexp',
  'mlp.shared_expert.down_proj': 'ffn_down_shexp',
  'mlp.shared_expert_gate': 'ffn_gate_inp_shexp',
}
/** What an expert's tensors are called; those of all experts are one tensor of three dimensions. */
const expertNames: Record<string, string> = {
  gate_proj: 'ffn_gate_exps',
  up_proj: 'ffn_up_exps',
  down_proj: 'ffn_down_exps',
  w1: 'ffn_gate_exps',
  w3: 'ffn_up_exps',
  w2: 'ffn_down_exps',
}

/** Where a checkpoint's tensor is in a GGUF file: the tensor there, and which of its experts. */
export function ggufName(name: string, config: ModelConfig): { name: string; expert: number | null } {
  const [, stem = '', kind = ''] = /^(.*)\.(weight|bias)$/.exec(name) ?? []
  const [, layer, own = ''] = /^model\.layers\.(\d+)\.(.*)$/.exec(stem) ?? []
  const refuse = (): never => {
    throw new Error(`gguf: no name is known for tensor ${name}`)
  }
  if (layer === undefined) return { name: `${globalNames[stem] ?? refuse()}.${kind}`, expert: null }
  const [, expert, part = ''] = /\.experts\.(\d+)\.(\w+)$/.exec(own) ?? []
  const ofLayer = (inLayer: string) => `blk.${layer}.${inLayer}.${kind}`
  if (expert !== undefined) return { name: ofLayer(expertNames[part] ?? refuse()), expert: Number(expert) }
  if (own === 'post_attention_layernorm')
    return { name: ofLayer(config.norms === 'before' ? 'ffn_norm' : 'post_attention_norm'), expert: null }
  return { name: ofLayer(layerNames[own] ?? refuse()), expert: null }
}

/** Tensors that files hold and the forward pass does not need: tables of rotary embeddings, and what sees and hears. */
const unneeded =
  /^(rope_freqs\.weight|rope_factors_(long|short)\.weight|blk\.\d+\.attn_rot_embd\.weight|v\..*|mm\..*)$/

/**
 * The tensors of a model as a checkpoint names and shapes them. Throws InputError, with the names of the file, for one that is missing,
 * of another shape, or unknown: what a file holds is computed with.
 */
function namedByLayout(
  config: ModelConfig,
  metadata: GgufMetadata,
  tensors: ReadonlyMap<string, GgufTensor>,
  pairsRows: boolean,
): Map<string, TensorEntry> {
  const where = metadata.name
  const entries = new Map<string, TensorEntry>()
  const used = new Set<string>()
  for (const { name, whole: shape } of layout(config)) {
    const { name: inFile, expert } = ggufName(name, config)
    const tensor = tensors.get(inFile)
    if (!tensor) throw missingTensor(where, inFile)
    used.add(inFile)
    const dims = [...shape.toReversed(), ...(expert === null ? [] : [config.experts?.count ?? 0])]
    if (withoutOnes(tensor.dims).join() !== withoutOnes(dims).join())
      throw new InputError(
        `${where}: tensor ${inFile} is ${tensor.dims.join(' × ')}, expected ${dims.join(' × ')} by ${describeSizes(config, metadata)}; ` +
          'the file is damaged or badly converted',
      )
    const count = expert === null ? 1 : (config.experts?.count ?? 1)
    const byteLength = tensor.byteLength / count
    const entry: TensorEntry = {
      name,
      dtype: tensor.type,
      shape,
      source: tensor.source,
      start: tensor.start + (expert ?? 0) * byteLength,
      byteLength,
    }
    const isPaired = pairsRows && /\.self_attn\.[qk]_proj\./.test(name)
    entries.set(name, isPaired ? { ...entry, headPairs: config.headDim } : entry)
  }
  const unknown = [...tensors.keys()].filter(name => !used.has(name) && !unneeded.test(name))
  if (unknown.length > 0)
    throw new InputError(
      `${where}: tensor ${shownName(unknown[0]!)}${unknown.length > 1 ? `, with ${unknown.length - 1} more,` : ''} is not of the model that the metadata describe ` +
        `(${describeSizes(config, metadata)}), expected its own tensors alone; a model with it is not computed here`,
    )
  return entries
}

/** Dimensions without those of 1 at the end, which a file may leave out. */
function withoutOnes(dims: readonly number[]): number[] {
  return dims.slice(0, dims.findLastIndex(size => size !== 1) + 1)
}

/** The sizes that shapes follow from, by their keys. */
function describeSizes(config: ModelConfig, metadata: GgufMetadata): string {
  const architecture = String(metadata.get('general.architecture'))
  const sizes = {
    block_count: config.layers,
    embedding_length: config.hiddenSize,
    feed_forward_length: config.intermediateSize,
    'attention.head_count': config.heads,
    'attention.head_count_kv': config.keyValueHeads,
    'attention.key_length': config.headDim,
    ...(config.experts && {
      expert_count: config.experts.count,
      expert_feed_forward_length: config.experts.width,
    }),
  }
  return Object.entries(sizes)
    .map(([own, size]) => `${architecture}.${own} ${size}`)
    .join(', ')
}
