/** How early two neighbouring parts of a text are joined: the lower the earlier. Undefined where they never are. */
export type PairRank = (left: string, right: string) => number | undefined

/**
 * Joins neighbouring parts of a text until no pair has a rank: always the pair of the lowest rank and, of several with that
 * one, the leftmost. Byte-pair encoding (Sennrich et al. 2016) ranks by the order of its merges, SentencePiece by score.
 * Takes time in proportion to n log n for n parts: of a pair that is no longer there, the queue's entry is passed over.
 */
export function mergePairs(parts: readonly string[], rankOf: PairRank): string[] {
  const texts: string[] = [...parts]
  const last = texts.length - 1
  // A joined part stands at the place of its left one; the right one's is '' and out of the chain.
  const next = Int32Array.from(texts, (_, at) => (at === last ? -1 : at + 1))
  const previous = Int32Array.from(texts, (_, at) => at - 1)
  const queue = new PairQueue()
  const offer = (left: number, right: number) => {
    if (left < 0 || right < 0) return
    const rank = rankOf(texts[left]!, texts[right]!)
    if (rank !== undefined)
      queue.push({ rank, left, right, length: texts[left]!.length + texts[right]!.length })
  }
  for (let at = 0; at < last; at++) offer(at, at + 1)
  for (let pair = queue.pop(); pair; pair = queue.pop()) {
    const { left, right, length } = pair
    const [leftText, rightText] = [texts[left]!, texts[right]!]
    if (leftText === '' || rightText === '' || leftText.length + rightText.length !== length) continue
    texts[left] = leftText + rightText
    texts[right] = ''
    const following = next[right]!
    next[left] = following
    if (following >= 0) previous[following] = left
    offer(previous[left]!, left)
    offer(left, following)
  }
  return texts.filter(text => text !== '')
}

/** Two neighbours as they were when they were found; `length` tells whether they still are. */
interface Pair {
  rank: number
  left: number
  right: number
  length: number
}

/** A binary heap: the first pair is the one to be joined next. */
class PairQueue {
  readonly #pairs: Pair[] = []

  push(pair: Pair): void {
    const pairs = this.#pairs
    let at = pairs.length
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(pair, pairs[above]!)) break
      pairs[at] = pairs[above]!
      at = above
    }
    pairs[at] = pair
  }

  pop(): Pair | undefined {
    const pairs = this.#pairs
    const first = pairs[0]
    const moved = pairs.pop()
    if (!moved || pairs.length === 0) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= pairs.length) break
      if (below + 1 < pairs.length && isBefore(pairs[below + 1]!, pairs[below]!)) below++
      if (!isBefore(pairs[below]!, moved)) break
      pairs[at] = pairs[below]!
      at = below
    }
    pairs[at] = moved
    return first
  }
}

function isBefore(a: Pair, b: Pair): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.left < b.left)
}
