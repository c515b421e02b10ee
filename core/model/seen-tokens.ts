import type { Device } from '../../kernels/gpu/device.ts'
import { createTensor, type Tensor } from '../../kernels/gpu/tensor.ts'
import { seenWords } from '../../kernels/process-logits/process-logits.ts'

/** A token of a slot's sequence. */
export interface SeenRow {
  tokenId: number
  position: number
  slot: number
}

/**
 * Which tokens of the whole vocabulary each slot's sequence holds, prompt and answer, as bit masks on the device: what
 * the repetition penalty asks. The host keeps the same masks, so that a decoded token costs an upload of one word.
 */
export class SeenTokens {
  /** [slots, words] u32 */
  readonly tensor: Tensor
  readonly #masks: Uint32Array<ArrayBuffer>[]

  private constructor(tensor: Tensor, masks: Uint32Array<ArrayBuffer>[]) {
    this.tensor = tensor
    this.#masks = masks
  }

  /** Makes empty masks. */
  static async create(device: Device, slots: number, vocabulary: number): Promise<SeenTokens> {
    const words = seenWords(vocabulary)
    const tensor = await createTensor(device, 'seen tokens', 'u32', [slots, words])
    return new SeenTokens(
      tensor,
      Array.from({ length: slots }, () => new Uint32Array(words)),
    )
  }

  /** Takes the rows of a step; position 0 begins a slot's next sequence. */
  add(device: Device, rows: readonly SeenRow[]): void {
    for (const [slot, ofSlot] of Map.groupBy(rows, row => row.slot)) {
      const mask = this.#masks[slot]!
      if (ofSlot.some(({ position }) => position === 0)) mask.fill(0)
      for (const { tokenId } of ofSlot) mask[tokenId >>> 5]! |= 1 << (tokenId & 31)
      const word = ofSlot[0]!.tokenId >>> 5
      if (ofSlot.length > 1 || ofSlot[0]!.position === 0) this.#upload(device, slot, 0, mask)
      else this.#upload(device, slot, word, mask.slice(word, word + 1))
    }
  }

  /** Whether a slot's sequence holds a token. */
  has(slot: number, tokenId: number): boolean {
    return ((this.#masks[slot]![tokenId >>> 5]! >>> (tokenId & 31)) & 1) === 1
  }

  /** Makes slot `to` hold what slot `from` holds. */
  copy(device: Device, from: number, to: number): void {
    this.#masks[to]!.set(this.#masks[from]!)
    this.#upload(device, to, 0, this.#masks[to]!)
  }

  #upload(device: Device, slot: number, word: number, words: Uint32Array<ArrayBuffer>): void {
    const { buffer, offsetBytes, shape } = this.tensor
    device.write(buffer, offsetBytes + (slot * shape[1]! + word) * 4, words)
  }
}
