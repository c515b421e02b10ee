import { choose } from '../../kernels/choose/choose.ts'
import {
  type EntropyStatistics,
  entropy,
  entropyPartialWords,
  entropyWords,
  readEntropyStatistics,
} from '../../kernels/entropy/entropy.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import type { Recorder } from '../../kernels/gpu/recorder.ts'
import {
  createTensor,
  createTensorGroup,
  type Tensor,
  type TensorGroup,
  uploadTensor,
  viewTensor,
} from '../../kernels/gpu/tensor.ts'
import { linear } from '../../kernels/linear/linear.ts'
import type { PackedWeight } from '../../kernels/pack-weight/pack-weight.ts'
import { rank } from '../../kernels/rank/rank.ts'
import { readTopLogits, type TopLogit, topK, topKCandidateWords } from '../../kernels/top-k/top-k.ts'

/** How a step chooses its token. */
export interface Sampling {
  /** 0 chooses the likeliest. */
  temperature: number
  seed: number
}

/** A row whose next token is wanted: which row of the pass, and the keys of its noise. */
export interface ScoredRow {
  row: number
  /** Key of the sequence, the same wherever and with whomever it runs. */
  sequence: number
  /** Number of the step within the sequence. */
  step: number
}

/** What the device hands over of a row's logits. */
export interface TokenScores {
  statistics: EntropyStatistics
  /** The k largest logits, largest first, ties by the lower id. */
  top: TopLogit[]
  /** The token that was chosen, its logit, and how many tokens are likelier. */
  chosen: TopLogit & { rank: number }
}

/**
 * From final hidden states to token scores: logits, entropy, top-k and choice. Logits never leave the device: one small
 * buffer of scores does.
 */
export class TokenHead {
  readonly #device: Device
  readonly #weight: PackedWeight
  readonly #k: number
  readonly #buffers: HeadBuffers

  private constructor(device: Device, weight: PackedWeight, k: number, buffers: HeadBuffers) {
    this.#device = device
    this.#weight = weight
    this.#k = k
    this.#buffers = buffers
  }

  /** Makes a head for at most `rows` scored rows a pass. `weight` is lm_head [V, D]. */
  static async create(device: Device, weight: PackedWeight, rows: number, k: number): Promise<TokenHead> {
    const { outputs: V, inputs: D } = weight
    return new TokenHead(device, weight, k, {
      selected: await createTensor(device, 'selected', 'f32', [rows, D]),
      logits: await createTensor(device, 'logits', 'f32', [rows, V]),
      entropyPartials: await createTensor(device, 'entropy partials', 'u32', [entropyPartialWords(rows, V)]),
      topCandidates: await createTensor(device, 'top candidates', 'u32', [topKCandidateWords(rows, V, k)]),
      sequences: await createTensor(device, 'sequence keys', 'u32', [rows]),
      steps: await createTensor(device, 'steps', 'u32', [rows]),
      ...(await createScores(device, rows, k)),
    })
  }

  /** Most rows that can be scored in one pass. */
  get maxRows(): number {
    return this.#buffers.logits.shape[0] ?? 0
  }

  /** Records the scoring of some rows of `normed` [N, D], and the copy of the scores to where the host can read. */
  record(recorder: Recorder, normed: Tensor, scored: ScoredRow[], sampling: Sampling): void {
    const rows = scored.length
    const D = this.#weight.inputs
    const { scores, ranks, readable, entropyPartials, topCandidates } = this.#buffers
    const { statistics, top, choices } = scores.tensors
    const of = (tensor: Tensor) => viewTensor(tensor, [rows, ...tensor.shape.slice(1)])
    const hidden = of(this.#buffers.selected) // [S, D]
    for (const [index, { row }] of scored.entries())
      recorder.copy(normed, row * D * 4, hidden, index * D * 4, D * 4)
    const logits = of(this.#buffers.logits)
    linear(this.#device, recorder, hidden, this.#weight, logits) // logits [S, V]
    entropy(this.#device, recorder, logits, entropyPartials, of(statistics)) // [S, 8]
    topK(this.#device, recorder, logits, topCandidates, of(top)) // [S, k, 2]
    if (sampling.temperature > 0) {
      const sequences = of(this.#buffers.sequences)
      const steps = of(this.#buffers.steps)
      uploadTensor(
        this.#device,
        sequences,
        Uint32Array.from(scored, row => row.sequence),
      )
      uploadTensor(
        this.#device,
        steps,
        Uint32Array.from(scored, row => row.step),
      )
      choose(recorder, { logits, sequences, steps, choices: of(choices), ...sampling }) // [S, 2]
      rank(recorder, logits, of(choices), of(ranks)) // [S]
    }
    recorder.copyBuffer(scores.buffer, 0, readable, 0, scores.sizeBytes)
    recorder.copyBuffer(ranks.buffer, 0, readable, scores.sizeBytes, rows * 4)
  }

  /** Waits for the scores of the last recording: one synchronisation. */
  async read(rows: number, sampling: Sampling): Promise<TokenScores[]> {
    const { scores, readable } = this.#buffers
    const bytes = await this.#device.readMapped(readable, scores.sizeBytes + rows * 4)
    const { statistics, top, choices } = scores.tensors
    const statisticsBytes = bytes.slice(statistics.offsetBytes)
    const topBytes = bytes.slice(top.offsetBytes)
    const chosenBytes = bytes.slice(choices.offsetBytes)
    const rankWords = new Uint32Array(bytes, scores.sizeBytes, rows)
    return Array.from({ length: rows }, (_, row) => {
      const topLogits = readTopLogits(topBytes, row, this.#k)
      const likeliest = { ...topLogits[0]!, rank: 0 }
      const id = new Uint32Array(chosenBytes, row * 8, 1)[0]!
      const logit = new Float32Array(chosenBytes, row * 8 + 4, 1)[0]!
      return {
        statistics: readEntropyStatistics(statisticsBytes, row),
        top: topLogits,
        chosen: sampling.temperature > 0 ? { id, logit, rank: rankWords[row]! } : likeliest,
      }
    })
  }
}

interface HeadBuffers extends ScoreBuffers {
  selected: Tensor
  logits: Tensor
  entropyPartials: Tensor
  topCandidates: Tensor
  sequences: Tensor
  steps: Tensor
}

interface ScoreBuffers {
  scores: TensorGroup<'statistics' | 'top' | 'choices'>
  /** Apart from the group, because WebGPU lets no dispatch read and write parts of one buffer. */
  ranks: Tensor
  readable: GPUBuffer
}

async function createScores(device: Device, rows: number, k: number): Promise<ScoreBuffers> {
  const scores = await createTensorGroup(device, 'scores', {
    statistics: { dtype: 'u32', shape: [rows, entropyWords] },
    top: { dtype: 'u32', shape: [rows, k, 2] },
    choices: { dtype: 'u32', shape: [rows, 2] },
  })
  const ranks = await createTensor(device, 'ranks', 'u32', [rows])
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
  const readable = await device.createBuffer('readable scores', scores.sizeBytes + rows * 4, usage)
  return { scores, ranks, readable }
}
