/**
 * A longest common subsequence of two sequences: for each element of `first` the place of its partner in `second`, -1
 * where it has none. Partners are equal and in order. Rows of the dynamic program are bits of which 32 are made at once
 * (Hyyrö 2004, "Bit-parallel LCS-length computation revisited"), and kept, so that the subsequence can be read from them:
 * time and bits of memory are the product of the lengths, time divided by 32.
 */
export function longestCommonSubsequence(first: Int32Array, second: Int32Array): Int32Array {
  const words = Math.ceil(first.length / 32)
  const places = new Map<number, Uint32Array>()
  for (const [at, key] of first.entries()) {
    let mask = places.get(key)
    if (!mask) places.set(key, (mask = new Uint32Array(words)))
    mask[at >> 5]! |= 1 << (at & 31)
  }
  // Bit i of row j is 0 where first[i] makes the longest subsequence with the first j of `second` longer by one.
  const rows = new Uint32Array((second.length + 1) * words).fill(0xffffffff, 0, words)
  for (const [at, key] of second.entries()) {
    const from = at * words
    const mask = places.get(key)
    if (!mask) {
      rows.copyWithin(from + words, from, from + words)
      continue
    }
    for (let word = 0, carry = 0; word < words; word++) {
      const row = rows[from + word]!
      const sum = row + ((row & mask[word]!) >>> 0) + carry
      carry = sum > 0xffffffff ? 1 : 0
      rows[from + words + word] = sum | (row & ~mask[word]!)
    }
  }
  const partners = new Int32Array(first.length).fill(-1)
  let i = first.length - 1
  let j = second.length - 1
  while (i >= 0 && j >= 0) {
    if (first[i] === second[j]) partners[i--] = j--
    else if ((rows[(j + 1) * words + (i >> 5)]! >>> (i & 31)) & 1) i--
    else j--
  }
  return partners
}
