/** Answers side by side: in each column at most one token of each, equal ones in the same column where they are alike. */
export type Alignment = ReturnType<typeof alignAnswers>

/** Neighbouring columns that are all alike, or of which none is. */
export interface AlignedSegment {
  start: number
  /** One past the last column. */
  end: number
  isAlike: boolean
}

/** Shared words and signs that two answers have anyway: fewer in a row are no place where they come together again. */
export const leastShared = 3
/** Pairs of tokens that are looked at: those of two answers of 8,192 tokens, 8 MB and some tenth of a second. */
const mostPairs = 2 ** 26

/**
 * Aligns answers, each a list of keys that are equal for equal tokens, with the first one. What all begin with is one
 * segment; after the parting, what an answer shares with the first in at least `leastShared` tokens in a row stands in the
 * same columns, and what lies between stands side by side from its beginning on.
 */
export function alignAnswers(answers: readonly Int32Array[], largest = mostPairs) {
  const [first = new Int32Array(0), ...others] = answers
  const pairs = others.map(other => alignPair(first, other, largest))
  // Columns before each token of the first answer, and after its last, for what others have more there.
  const inserted = new Int32Array(first.length + 1)
  for (const [index, { partners }] of pairs.entries())
    for (const { gap, length, shared } of gapsOf(partners, others[index]!.length))
      inserted[gap] = Math.max(inserted[gap]!, length - shared)
  const starts = new Int32Array(first.length + 1)
  let count = 0
  for (let token = 0; token <= first.length; token++) starts[token] = (count += inserted[token]!) + token
  count += first.length
  /** For each answer, the column of each token: rising. */
  const columns = [
    starts.slice(0, first.length),
    ...pairs.map(({ partners }, index) => columnsOf(partners, others[index]!.length, starts, inserted)),
  ]
  /** For each answer, the token of each column; -1 where it has none there. */
  const tokens = columns.map(columnOf => {
    const tokenOf = new Int32Array(count).fill(-1)
    for (const [token, column] of columnOf.entries()) tokenOf[column] = token
    return tokenOf
  })
  /** 1 for each column whose tokens are all there and alike. */
  const alike = new Uint8Array(count)
  for (let token = 0; token < first.length; token++)
    if (pairs.every(({ partners }) => partners[token] !== -1)) alike[starts[token]!] = 1
  /** False where answers were too long to look for what they share after they parted, other than their endings. */
  const isWhole = pairs.every(pair => pair.isWhole)
  return { count, tokens, columns, alike, isWhole }
}

/** How many tokens two answers both begin with. */
export function sharedPrefix(first: Int32Array, second: Int32Array): number {
  const most = Math.min(first.length, second.length)
  let length = 0
  while (length < most && first[length] === second[length]) length++
  return length
}

/** The columns as segments, in order. */
export function alignedSegments({ alike, count }: Alignment): AlignedSegment[] {
  const segments: AlignedSegment[] = []
  for (let column = 0; column < count; column++) {
    const last = segments.at(-1)
    const isAlike = alike[column] === 1
    if (last?.isAlike === isAlike) last.end = column + 1
    else segments.push({ start: column, end: column + 1, isAlike })
  }
  return segments
}

function alignPair(first: Int32Array, second: Int32Array, largest: number) {
  const prefix = sharedPrefix(first, second)
  // The tokens at which they part were chosen after the same text, and are kept beside each other.
  const start = prefix < Math.min(first.length, second.length) ? prefix + 1 : prefix
  const [restOfFirst, restOfSecond] = [first.subarray(start), second.subarray(start)]
  const suffix = sharedPrefix(restOfFirst.toReversed(), restOfSecond.toReversed())
  const partners = new Int32Array(first.length).fill(-1)
  for (let token = 0; token < prefix; token++) partners[token] = token
  for (let back = 1; back <= suffix; back++) partners[first.length - back] = second.length - back
  const middle = restOfFirst.subarray(0, restOfFirst.length - suffix)
  const middleOfSecond = restOfSecond.subarray(0, restOfSecond.length - suffix)
  const isWhole = middle.length * middleOfSecond.length <= largest
  if (isWhole)
    for (const [token, partner] of longestCommonSubsequence(middle, middleOfSecond).entries())
      if (partner !== -1) partners[start + token] = start + partner
  dropShortSegments(partners, prefix)
  return { partners, isWhole }
}

/** Of neighbours with neighbouring partners, after `start`, leaves only those that are many enough. */
function dropShortSegments(partners: Int32Array, start: number): void {
  for (let from = start; from < partners.length; ) {
    let to = from + 1
    if (partners[from] !== -1) while (to < partners.length && partners[to] === partners[to - 1]! + 1) to++
    if (to - from < leastShared) partners.fill(-1, from, to)
    from = to
  }
}

/** What lies between partners: tokens of the other answer, of which the first `shared` have one of the first beside them. */
function* gapsOf(partners: Int32Array, otherLength: number) {
  let firstStart = 0
  let otherStart = 0
  for (let token = 0; token <= partners.length; token++) {
    const partner = token === partners.length ? otherLength : partners[token]!
    if (partner === -1) continue
    const length = partner - otherStart
    yield { firstStart, otherStart, gap: token, length, shared: Math.min(length, token - firstStart) }
    firstStart = token + 1
    otherStart = partner + 1
  }
}

function columnsOf(
  partners: Int32Array,
  length: number,
  starts: Int32Array,
  inserted: Int32Array,
): Int32Array {
  const columns = new Int32Array(length)
  for (const gap of gapsOf(partners, length)) {
    for (let offset = 0; offset < gap.length; offset++)
      columns[gap.otherStart + offset] =
        offset < gap.shared
          ? starts[gap.firstStart + offset]!
          : starts[gap.gap]! - inserted[gap.gap]! + offset - gap.shared
  }
  for (const [token, partner] of partners.entries()) if (partner !== -1) columns[partner] = starts[token]!
  return columns
}

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
