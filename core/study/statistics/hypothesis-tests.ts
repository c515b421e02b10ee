import { isUndefined, type Maybe, none, type Statistic } from '../undefined.ts'
import { type Clusters, shuffle } from './clusters.ts'
import { incompleteBeta, normalQuantile975, normalTail } from './distributions.ts'
import { averageRanks, lackOfClass, onceEach, type ScoreOrder, type TieGroups } from './ranks.ts'

/**
 * Mann–Whitney's U of the marked samples against the others: the number of pairs in which the marked one's score is the
 * larger, ties counting half. p is two-sided and asymptotic, with continuity and tie correction:
 * z = (|U − n₁n₂/2| − 1/2) / σ, σ² = n₁n₂/12 · (N + 1 − Σ(t³ − t)/(N(N − 1))), t the sizes of the groups of equal scores
 * (Hollander and Wolfe 1973). Scores that are all equal give p = 1. Undefined when either class is empty.
 */
export function mannWhitney(groups: TieGroups): Maybe<{ u: number; p: number }> {
  const { sizes, marked, total, totalMarked } = groups
  const lack = lackOfClass(groups)
  if (lack) return lack
  const pairs = totalMarked * (total - totalMarked)
  let u = 0
  let othersBelow = 0
  let ties = 0
  for (let group = 0; group < sizes.length; group++) {
    const size = sizes[group]!
    const others = size - marked[group]!
    u += marked[group]! * (othersBelow + others / 2)
    othersBelow += others
    ties += size ** 3 - size
  }
  const deviation = Math.sqrt((pairs / 12) * (total + 1 - ties / (total * (total - 1))))
  const distance = Math.abs(u - pairs / 2) - 0.5
  // The correction may overshoot the middle, where the two tails together exceed 1.
  const p = distance <= 0 || deviation === 0 ? 1 : 2 * normalTail(distance / deviation)
  return { u, p }
}

const normalQuantile80 = 0.8416212335729143

/**
 * Power, samples needed and detectable effect of the two-sided Mann–Whitney test of an AUROC against 0.5 at the 5 % level, by Noether's
 * formula (1987): the standardised effect is |A − 1/2|·√(12·n₁·n₀/N), the null variance standing for both. For independent samples.
 */
export function powerOfAuroc(auroc: number, marked: number, others: number): Statistic {
  return (
    lackOfClass({ total: marked + others, totalMarked: marked }) ??
    1 - normalTail(standardisedEffect(auroc, marked, others) - normalQuantile975)
  )
}

/** Samples in all that give 80 % power when so many are marked of so many; undefined when all or none are or the AUROC is 0.5. */
export function samplesNeeded(auroc: number, marked: number, others: number): Statistic {
  const lack = lackOfClass({ total: marked + others, totalMarked: marked })
  if (lack || auroc === 0.5) return lack ?? none({ because: 'out-of-reach' })
  const share = marked / (marked + others)
  const quantiles = normalQuantile975 + normalQuantile80
  return Math.ceil(quantiles ** 2 / (12 * share * (1 - share) * (auroc - 0.5) ** 2))
}

/** The smallest AUROC above 0.5 that has 80 % power with these classes; undefined when not even 1 has, or a class is empty. */
export function detectableAuroc(marked: number, others: number): Statistic {
  const lack = lackOfClass({ total: marked + others, totalMarked: marked })
  if (lack) return lack
  const auroc = 0.5 + (normalQuantile975 + normalQuantile80) / standardisedEffect(1.5, marked, others)
  return auroc <= 1 ? auroc : none({ because: 'out-of-reach' })
}

function standardisedEffect(auroc: number, marked: number, others: number): number {
  return Math.abs(auroc - 0.5) * Math.sqrt((12 * marked * others) / (marked + others))
}

/**
 * Permutation p of an AUROC against 0.5, two-sided: (b + 1)/(B + 1), b the permutations of the B whose U lies at least as far from
 * its mean as the observed one (Phipson and Smyth 2010). What is permuted are the marks of whole clusters, among the clusters
 * of equal size: with one answer a problem these are the marks of the answers; with several, the marks of a problem stay together, in
 * their order, so that the answers to a problem need not be independent. Every sample must have a score and a mark of 0 or 1.
 */
export function permutationP(
  scoreOrder: ScoreOrder,
  marks: ArrayLike<number>,
  clusters: Clusters,
  permutations: number,
  random: () => number,
): number {
  const { order } = scoreOrder
  // Doubled ranks are integers, so that equal sums compare as equal.
  const doubledRanks = averageRanks(scoreOrder, onceEach(order.length)).map(rank => 2 * rank)
  let totalMarked = 0
  let observed = 0
  for (let index = 0; index < order.length; index++) {
    if (!marks[index]) continue
    totalMarked++
    observed += doubledRanks[index]!
  }
  const middle = totalMarked * (order.length + 1)
  const distance = Math.abs(observed - middle)
  const members = Map.groupBy(clusters.of.keys(), index => clusters.of[index]!).values()
  const blocksBySize = [...Map.groupBy(members, ({ length }) => length).values()]
  const sources = blocksBySize.map(blocks => Uint32Array.from(blocks.keys()))
  let asFar = 0
  for (let permutation = 0; permutation < permutations; permutation++) {
    let sum = 0
    for (const [size, blocks] of blocksBySize.entries()) {
      const source = sources[size]!
      shuffle(source, random)
      for (let block = 0; block < blocks.length; block++) {
        const members = blocks[block]!
        const markedLike = blocks[source[block]!]!
        for (let place = 0; place < members.length; place++)
          if (marks[markedLike[place]!]) sum += doubledRanks[members[place]!]!
      }
    }
    if (Math.abs(sum - middle) >= distance) asFar++
  }
  return (asFar + 1) / (permutations + 1)
}

/**
 * McNemar's exact test (1947) of two paired verdicts: of the pairs that disagree, as many should favour either side. Two-sided,
 * 2·P(X ≤ min(b, c)) with X binomial of b + c trials at 1/2, P(X ≤ k) = I_½(n − k, k + 1), at most 1.
 */
export function mcNemarP(onlyFirst: number, onlySecond: number): number {
  const fewer = Math.min(onlyFirst, onlySecond)
  const disagreements = onlyFirst + onlySecond
  if (fewer * 2 === disagreements) return 1
  return Math.min(1, 2 * incompleteBeta(0.5, disagreements - fewer, fewer + 1))
}

/** A p-value that is adjusted over all tests that were made. */
export interface AdjustedP {
  /** Holm's bounds the chance of any false finding. */
  pHolm: Statistic
  /** Benjamini and Hochberg's bounds the share of false findings. */
  pBenjaminiHochberg: Statistic
}

/**
 * Adjusts p-values over all of them, sorted and counted from 1 to m: Holm's step-down adjustment (1979) is the max over j ≤ i of
 * min(1, (m − j + 1)·p_j), Benjamini and Hochberg's step-up adjustment (1995) the min over j ≥ i of min(1, m·p_j/j). Undefined p-values are no
 * tests: they stay undefined and do not count.
 */
export function adjustP(pValues: readonly Statistic[]): AdjustedP[] {
  const tests = pValues
    .flatMap((p, index) => (isUndefined(p) ? [] : [{ p, index }]))
    .sort((first, second) => first.p - second.p)
  const adjusted = pValues.map((p): AdjustedP => ({ pHolm: p, pBenjaminiHochberg: p }))
  let largest = 0
  for (const [position, { p, index }] of tests.entries()) {
    largest = Math.max(largest, Math.min(1, (tests.length - position) * p))
    adjusted[index]!.pHolm = largest
  }
  let smallest = 1
  for (const [position, { p, index }] of [...tests.entries()].reverse()) {
    smallest = Math.min(smallest, (tests.length * p) / (position + 1))
    adjusted[index]!.pBenjaminiHochberg = smallest
  }
  return adjusted
}
