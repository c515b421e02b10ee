import type { EntropyStatistics } from '../../kernels/entropy/entropy.ts'
import type { TopLogit } from '../../kernels/top-k/top-k.ts'

/** A row whose next token is wanted: which row of the pass, and the keys of its noise. */
export interface ScoredRow {
  row: number
  /** Key of the sequence, the same wherever and with whomever it runs. */
  sequence: number
  /** Number of the step within the sequence. */
  step: number
  /** The cache slot of the sequence. */
  slot: number
}

/** What the device hands over of a row's logits. */
export interface TokenScores {
  statistics: EntropyStatistics
  /** The k largest logits, largest first, ties by the lower id. */
  top: TopLogit[]
  /** The token that was chosen, its logit, and how many tokens are likelier. */
  chosen: TopLogit & { rank: number }
  /** Of the distribution that was chosen from, and the chosen token's logit in it; null where that is the raw one. */
  processed: { statistics: EntropyStatistics; logit: number } | null
}

/** A token that a beam may go on with. */
export interface BeamCandidate {
  id: number
  /** Raw. */
  logit: number
  /** Log-probability, multiplied by the repetition penalty where the sequence holds the token. */
  score: number
  /** Tokens with larger raw logits; null where the token is not among the largest. */
  rank: number | null
}

/** What a search needs of a beam: its raw scores, and the best candidates, best first. */
export interface BeamScores {
  scores: TokenScores
  candidates: BeamCandidate[]
}
