const modulus = 1n << 256n

/** A sum of SHA-256 digests modulo 2²⁵⁶, which does not depend on their order. */
export class DigestSum {
  #sum = 0n

  /** Takes a digest in, or the sum of others: 64 hexadecimal digits. */
  addHex(hex: string): void {
    this.#sum = (this.#sum + BigInt(`0x${hex}`)) % modulus
  }

  /** The sum so far, 64 hexadecimal digits. */
  get hex(): string {
    return this.#sum.toString(16).padStart(64, '0')
  }
}
