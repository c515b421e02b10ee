import { createHash } from 'node:crypto'

const modulus = 1n << 256n

/**
 * A digest of a model's weights that does not depend on who reads which row: the sum, modulo 2²⁵⁶, of SHA-256 over each
 * tensor's name, row number and row. Ranks digest what they read; the sum of their digests is that of the model.
 */
export class WeightDigest {
  #sum = 0n

  /** Takes whole rows of a tensor in. */
  add(tensorName: string, firstRow: number, rowBytes: number, bytes: Uint8Array): void {
    for (let at = 0, row = firstRow; at < bytes.length; at += rowBytes, row++) {
      const digest = createHash('sha256')
        .update(`${tensorName}\0${row}\0`)
        .update(bytes.subarray(at, at + rowBytes))
      this.#sum = (this.#sum + BigInt(`0x${digest.digest('hex')}`)) % modulus
    }
  }

  /** Takes another digest in. */
  addHex(hex: string): void {
    this.#sum = (this.#sum + BigInt(`0x${hex}`)) % modulus
  }

  /** The digest so far, 64 hexadecimal digits. */
  get hex(): string {
    return this.#sum.toString(16).padStart(64, '0')
  }
}
