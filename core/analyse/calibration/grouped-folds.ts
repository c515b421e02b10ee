import type { Clusters } from '../statistics/clusters.ts'
import { shuffle } from '../statistics/shuffle.ts'

/**
 * The fold of each sample, from 0: all answers to a problem share one, so that no fit has seen the problem it predicts. Problems are
 * shuffled, sorted by their number of marked answers and dealt in turn, so that the folds have about the same share of both.
 */
export function groupedFolds(
  clusters: Clusters,
  marks: ArrayLike<number>,
  folds: number,
  random: () => number,
): Uint8Array {
  const marked = new Uint32Array(clusters.count)
  for (let index = 0; index < clusters.of.length; index++) marked[clusters.of[index]!]! += marks[index]!
  const problems = Array.from(marked.keys())
  shuffle(problems, random)
  problems.sort((first, second) => marked[first]! - marked[second]!)
  const foldOfProblem = new Uint8Array(clusters.count)
  for (const [position, problem] of problems.entries()) foldOfProblem[problem] = position % folds
  return Uint8Array.from(clusters.of, problem => foldOfProblem[problem]!)
}
