import type { Device } from '../../kernels/gpu/device.ts'
import { createTensor, type Tensor } from '../../kernels/gpu/tensor.ts'
import type { Half } from './halves.ts'
import type { ScoredRow } from './scores.ts'

/** What the device is told of a step's N rows, each [N] u32. */
const rowNames = [
  /** Tokens, or `chosenBefore` those that the step before chose. */
  'ids',
  // In the order in which rope reads them.
  'positions',
  'slots',
  /** Places in the rotary tables that hold turns of long sequences behind those of short ones. */
  'turns',
] as const

/** What the device is told of the S rows that are scored, each [S] u32: which of the N, their slots, the keys of their noise. */
const scoredNames = ['scoredRows', 'scoredSlots', 'sequences', 'steps'] as const

/** What the device is told of a step's rows. */
export type RowInputs = Record<(typeof rowNames)[number], Tensor>
/** What it is told of those that are scored. */
export type ScoredInputs = Record<(typeof scoredNames)[number], Tensor>

/** Words between two inputs at least: bindings begin at multiples of 256 bytes. */
const alignment = 64

/** Words that the inputs of so many rows take. */
export function inputWords(rows: number, scored: number): number {
  const of = (names: readonly string[], count: number) =>
    names.length * Math.ceil(count / alignment) * alignment
  return of(rowNames, rows) + of(scoredNames, scored)
}

/** Makes the buffer of the inputs of at most so many rows. */
export function createInputs(device: Device, rows: number, scored: number): Promise<Tensor> {
  return createTensor(device, 'rows', 'u32', [inputWords(rows, scored)])
}

/**
 * The inputs of steps of N rows, S of them scored, in the front of one buffer, so that one write tells the device of a step
 * all that differs from the one before.
 */
export class StepInputs {
  /** Those of rows have room for all places: where a step is run in halves there may be a gap between these. */
  readonly tensors: RowInputs & ScoredInputs
  readonly #buffer: Tensor
  readonly #words: Uint32Array<ArrayBuffer>
  readonly #gap: { behind: number; size: number } | null
  readonly #rowStride: number
  readonly #scoredStride: number

  constructor(buffer: Tensor, rows: number, scored: number, halves: readonly Half[]) {
    const [firstHalf, secondHalf] = halves
    const places = secondHalf ? secondHalf.first + secondHalf.count : rows
    this.#gap = secondHalf ? { behind: firstHalf!.count, size: secondHalf.first - firstHalf!.count } : null
    this.#buffer = buffer
    this.#words = new Uint32Array(inputWords(places, scored))
    this.#rowStride = inputWords(places, 0) / rowNames.length
    this.#scoredStride = inputWords(0, scored) / scoredNames.length
    const place = (name: string, word: number, count: number) => {
      const offsetBytes = buffer.offsetBytes + word * 4
      return [name, { ...buffer, name, shape: [count], offsetBytes }]
    }
    const scoredAt = rowNames.length * this.#rowStride
    this.tensors = Object.fromEntries([
      ...rowNames.map((name, index) => place(name, index * this.#rowStride, places)),
      ...scoredNames.map((name, index) => place(name, scoredAt + index * this.#scoredStride, scored)),
    ])
  }

  /** Where a row of the step lies among these, and among activations. */
  placeOf(row: number): number {
    return this.#gap && row >= this.#gap.behind ? row + this.#gap.size : row
  }

  /** Tells the device of a step's rows. The long factors' angles lie `longTurns` places behind the short ones'. */
  write(
    device: Device,
    rows: readonly { tokenId: number; position: number; slot: number; isLong?: boolean }[],
    scored: readonly ScoredRow[],
    longTurns: number,
  ): void {
    const words = this.#words
    let stride = this.#rowStride
    let at = 0
    for (const { tokenId, position, slot, isLong } of rows) {
      if (at === this.#gap?.behind) at += this.#gap.size
      words[at] = tokenId
      words[at + stride] = position
      words[at + 2 * stride] = slot
      words[at + 3 * stride] = position + (isLong ? longTurns : 0)
      at++
    }
    at = rowNames.length * stride
    stride = this.#scoredStride
    for (const { row, slot, sequence, step } of scored) {
      words[at] = this.placeOf(row)
      words[at + stride] = slot
      words[at + 2 * stride] = sequence
      words[at + 3 * stride] = step
      at++
    }
    device.write(this.#buffer.buffer, this.#buffer.offsetBytes, words)
  }
}
