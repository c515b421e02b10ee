import type { Device } from '../../kernels/gpu/device.ts'
import { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, tensorFrom } from '../../kernels/gpu/tensor.ts'
import { createPackedWeight, type PackedWeight, packWeight } from '../../kernels/pack-weight/pack-weight.ts'
import { bytesPerWeight, type TensorEntry } from '../formats/safetensors.ts'
import { widen } from '../formats/widen.ts'
import { InputError } from '../input-error.ts'
import type { ModelConfig } from './config.ts'
import { checkTensors, expectedTensors } from './tensor-names.ts'

/** Weights of one decoder layer. D hidden, H query heads, K key-value heads, d head width, F MLP width. */
export interface LayerWeights {
  /** [D] */
  inputNorm: Tensor
  /** Query, key and value in one: [(H + 2K)·d, D], and its bias. */
  qkv: PackedWeight
  qkvBias: Tensor
  /** [D, H·d] */
  output: PackedWeight
  /** [D] */
  postAttentionNorm: Tensor
  /** Gate and up interleaved, row 2i the gate and 2i + 1 the up of MLP column i: [2F, D]. */
  gateUp: PackedWeight
  /** [D, F] */
  down: PackedWeight
}

/** Weights of a Qwen2 model on a device. Norms and biases are f32; the rest keeps the checkpoint's type. */
export interface ModelWeights {
  /** [V, D] */
  embedding: PackedWeight
  layers: LayerWeights[]
  /** [D] */
  finalNorm: Tensor
  /** [V, D]; the embedding itself where they are tied. */
  lmHead: PackedWeight
}

/** Called for every piece that is read, in a fixed order: for a progress bar and for a digest without a second reading. */
export type OnWeightBytes = (tensorName: string, bytes: ArrayBuffer) => void

/** Bytes of a tensor that sit in host memory at once, at most. */
const stagingBytes = 64 * 2 ** 20

/** Bytes that loadWeights reads: a checkpoint may hold further tensors. */
export function weightBytes(config: ModelConfig, entries: Map<string, TensorEntry>): number {
  return expectedTensors(config).reduce((total, { name }) => total + (entries.get(name)?.byteLength ?? 0), 0)
}

/**
 * Reads a checkpoint onto a device, piece by piece. Throws InputError for a tensor that is missing or of another shape,
 * OutOfMemoryError where the device has no room.
 */
export async function loadWeights(
  device: Device,
  config: ModelConfig,
  entries: Map<string, TensorEntry>,
  where: string,
  onBytes: OnWeightBytes = () => {},
): Promise<ModelWeights> {
  checkTensors(config, entries, where)
  const loader = new WeightLoader(device, entries, onBytes)
  const { hiddenSize: D, heads: H, keyValueHeads: K, headDim: d, intermediateSize: F, vocabSize: V } = config
  const embedding = await loader.packed('embedding', V, D, [{ name: 'model.embed_tokens.weight' }])
  const layers: LayerWeights[] = []
  for (let index = 0; index < config.layers; index++) {
    const layer = `model.layers.${index}`
    const attention = `${layer}.self_attn`
    layers.push({
      inputNorm: await loader.vector(`${layer}.input_layernorm.weight`),
      qkv: await loader.packed(`${layer} query, key, value`, (H + 2 * K) * d, D, [
        { name: `${attention}.q_proj.weight` },
        { name: `${attention}.k_proj.weight`, firstOutput: H * d },
        { name: `${attention}.v_proj.weight`, firstOutput: (H + K) * d },
      ]),
      qkvBias: await loader.vector(
        `${attention}.q_proj.bias`,
        `${attention}.k_proj.bias`,
        `${attention}.v_proj.bias`,
      ),
      output: await loader.packed(`${layer} output`, D, H * d, [{ name: `${attention}.o_proj.weight` }]),
      postAttentionNorm: await loader.vector(`${layer}.post_attention_layernorm.weight`),
      gateUp: await loader.packed(`${layer} gate, up`, 2 * F, D, [
        { name: `${layer}.mlp.gate_proj.weight`, outputStride: 2 },
        { name: `${layer}.mlp.up_proj.weight`, outputStride: 2, firstOutput: 1 },
      ]),
      down: await loader.packed(`${layer} down`, D, F, [{ name: `${layer}.mlp.down_proj.weight` }]),
    })
  }
  const finalNorm = await loader.vector('model.norm.weight')
  const lmHead = config.tieWordEmbeddings
    ? embedding
    : await loader.packed('lm_head', V, D, [{ name: 'lm_head.weight' }])
  loader.destroy()
  return { embedding, layers, finalNorm, lmHead }
}

/** A checkpoint tensor that becomes part of a packed weight. */
interface Part {
  name: string
  firstOutput?: number
  outputStride?: number
}

class WeightLoader {
  readonly #device: Device
  readonly #entries: Map<string, TensorEntry>
  readonly #onBytes: OnWeightBytes
  #staging: Tensor | null = null

  constructor(device: Device, entries: Map<string, TensorEntry>, onBytes: OnWeightBytes) {
    this.#device = device
    this.#entries = entries
    this.#onBytes = onBytes
  }

  async packed(label: string, outputs: number, inputs: number, parts: Part[]): Promise<PackedWeight> {
    const dtype = this.#entry(parts[0]!.name).dtype
    const weight = await createPackedWeight(this.#device, label, dtype, outputs, inputs)
    for (const part of parts) {
      const entry = this.#entry(part.name)
      if (entry.dtype !== dtype)
        throw new InputError(
          `${entry.source.name}: tensor ${entry.name} is ${entry.dtype}, expected ${dtype} like ${parts[0]!.name}, ` +
            'with which it is computed in one; convert the checkpoint to one type',
        )
      await this.#packRows(entry, inputs, weight, part)
    }
    return weight
  }

  /** One or more vectors, one after another, as f32. */
  async vector(...names: string[]): Promise<Tensor> {
    const values: number[] = []
    for (const name of names) {
      const entry = this.#entry(name)
      values.push(...widen(await this.#read(entry, 0, entry.byteLength), entry.dtype))
    }
    return tensorFrom(this.#device, names[0]!, [values.length], new Float32Array(values))
  }

  destroy(): void {
    if (this.#staging) this.#device.destroyBuffer(this.#staging.buffer)
  }

  async #packRows(entry: TensorEntry, inputs: number, weight: PackedWeight, part: Part): Promise<void> {
    const rowBytes = inputs * bytesPerWeight[entry.dtype]
    const rows = entry.byteLength / rowBytes
    const rowsAtOnce = Math.max(1, Math.floor(stagingBytes / rowBytes))
    const { firstOutput = 0, outputStride = 1 } = part
    for (let first = 0; first < rows; first += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - first)
      const bytes = await this.#read(entry, first * rowBytes, count * rowBytes)
      const staging = await this.#stagingFor(Math.ceil(bytes.byteLength / 4) * 4)
      this.#device.write(staging.buffer, 0, wholeWords(bytes))
      const recorder = new Recorder(this.#device, `pack ${entry.name}`)
      const source: Tensor = { ...staging, name: entry.name, dtype: entry.dtype, shape: [count, inputs] }
      packWeight(recorder, source, weight, { firstOutput: firstOutput + first * outputStride, outputStride })
      recorder.submit()
      // What the queue holds for the device counts as host memory too.
      await this.#device.idle()
    }
  }

  async #read(entry: TensorEntry, start: number, byteLength: number): Promise<ArrayBuffer> {
    const bytes = await entry.source.slice(entry.start + start, entry.start + start + byteLength)
    this.#onBytes(entry.name, bytes)
    return bytes
  }

  #entry(name: string): TensorEntry {
    const entry = this.#entries.get(name)
    if (!entry) throw new InputError(`weights: tensor ${name} is missing`)
    return entry
  }

  async #stagingFor(sizeBytes: number): Promise<Tensor> {
    if (this.#staging && this.#staging.buffer.size >= sizeBytes) return this.#staging
    this.destroy()
    this.#staging = await createTensor(this.#device, 'weight staging', 'u32', [sizeBytes / 4])
    return this.#staging
  }
}

/** The bytes themselves, or a copy with two zero bytes after an odd number of 16-bit values: writes go by words. */
function wholeWords(bytes: ArrayBuffer): ArrayBuffer {
  if (bytes.byteLength % 4 === 0) return bytes
  const padded = new Uint8Array(bytes.byteLength + 2)
  padded.set(new Uint8Array(bytes))
  return padded.buffer
}
