/** SHA-256 of bytes, 64 hexadecimal digits. Where a platform has a faster one than `sha256`, that is passed instead. */
export type Sha256 = (bytes: Uint8Array) => string | Promise<string>

/** The first 32 bits of the fractional parts of the `power`th roots of the first primes: what SHA-256 takes its constants from. */
function rootsOfPrimes(count: number, power: number): Uint32Array {
  const primes: number[] = []
  for (let candidate = 2; primes.length < count; candidate++)
    if (primes.every(prime => candidate % prime !== 0)) primes.push(candidate)
  return Uint32Array.from(primes, prime => {
    // The integer root of prime · 2^(32·power) has the 32 bits at its end.
    const target = BigInt(prime) << BigInt(32 * power)
    let low = 0n
    let high = 1n << 40n
    while (high - low > 1n) {
      const middle = (low + high) >> 1n
      if (middle ** BigInt(power) <= target) low = middle
      else high = middle
    }
    return Number(low & 0xffff_ffffn)
  })
}

const initial = rootsOfPrimes(8, 2)
const roundConstants = Int32Array.from(rootsOfPrimes(64, 3))

/** SHA-256 (FIPS 180-4) of bytes, 64 hexadecimal digits: for a page that is served without WebCrypto, and for short texts. */
export function sha256(bytes: Uint8Array): string {
  const state = Int32Array.from(initial)
  const words = new Int32Array(64)
  const tailStart = bytes.length - (bytes.length % 64)
  const tail = new Uint8Array(bytes.length % 64 < 56 ? 64 : 128)
  tail.set(bytes.subarray(tailStart))
  tail[bytes.length % 64] = 0x80
  const lengthBits = new DataView(tail.buffer)
  lengthBits.setBigUint64(tail.length - 8, BigInt(bytes.length) * 8n)
  const blocks = new DataView(bytes.buffer, bytes.byteOffset, tailStart)
  for (let at = 0; at < tailStart; at += 64) addBlock(state, words, blocks, at)
  for (let at = 0; at < tail.length; at += 64) addBlock(state, words, lengthBits, at)
  return Array.from(state, word => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

function addBlock(state: Int32Array, words: Int32Array, block: DataView, at: number): void {
  for (let index = 0; index < 16; index++) words[index] = block.getInt32(at + 4 * index)
  for (let index = 16; index < 64; index++) {
    const early = words[index - 15]!
    const late = words[index - 2]!
    const small0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
    const small1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10)
    words[index] = words[index - 16]! + small0 + words[index - 7]! + small1
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  for (let index = 0; index < 64; index++) {
    const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const choice = (e & f) ^ (~e & g)
    const first = (h + big1 + choice + roundConstants[index]! + words[index]!) | 0
    const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + big0 + majority) | 0
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index]! += word
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}

const modulus = 1n << 256n

/** SHA-256 of bytes, 64 hexadecimal digits: by the platform where that offers it, as to a page that came by https or from its own machine. */
export async function quickSha256(bytes: Uint8Array): Promise<string> {
  if (!crypto.subtle) return sha256(bytes)
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('')
}

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
