import { choiceWords } from '../../kernels/choose/choose.ts'
import { type EntropyStatistics, readEntropyStatistics } from '../../kernels/entropy/entropy.ts'
import { readTopLogits, type TopLogit } from '../../kernels/top-k/top-k.ts'
import type { ScoreBuffers, TokenHeadOptions } from './head-buffers.ts'
import { mergeStatistics, mergeTop, noToken } from './merge-scores.ts'
import type { TokenScores } from './token-scores.ts'

/** Reads what every rank handed over of its scores, `ofRanks` in rank order, and joins it row by row. */
export class ScoreReader {
  readonly #scores: ScoreBuffers['scores']
  readonly #k: number
  readonly #widths: number[]

  constructor(
    scores: ScoreBuffers['scores'],
    { k, vocabularyWidths }: Pick<TokenHeadOptions, 'k' | 'vocabularyWidths'>,
  ) {
    this.#scores = scores
    this.#k = k
    this.#widths = vocabularyWidths
  }

  /** Joins what every rank read of a row's raw logits; the likeliest is the chosen one. */
  raw(ofRanks: ArrayBuffer[], row: number): TokenScores {
    const top = this.top(ofRanks, row)
    const statistics = this.statistics(ofRanks, row, 'statistics')
    return { statistics, top, chosen: { ...top[0]!, rank: 0 }, processed: null }
  }

  /** The largest of a row's logits over all ranks, largest first. */
  top(ofRanks: ArrayBuffer[], row: number): TopLogit[] {
    const { offsetBytes } = this.#scores.tensors.top
    const tops = ofRanks.map((bytes, from) => {
      const firstId = this.#widths.slice(0, from).reduce((sum, width) => sum + width, 0)
      const local = readTopLogits(bytes.slice(offsetBytes), row, this.#k)
      return local.map(({ id, logit }) => ({ id: id === noToken ? noToken : firstId + id, logit }))
    })
    return mergeTop(tops, this.#k)
  }

  /** A row's statistics over all ranks: of its raw logits, or of the processed ones. */
  statistics(ofRanks: ArrayBuffer[], row: number, name: 'statistics' | 'processed'): EntropyStatistics {
    const { offsetBytes } = this.#scores.tensors[name]
    const parts = ofRanks.map(bytes => readEntropyStatistics(bytes.slice(offsetBytes), row))
    return mergeStatistics(parts, this.#widths)
  }

  /** Joins what every rank chose, and the statistics of the distribution that it was chosen from. */
  choice(raw: TokenScores, ofRanks: ArrayBuffer[], row: number, processes: boolean): TokenScores {
    const scores = this.#scores
    const at = scores.tensors.choices.offsetBytes + row * choiceWords * 4
    const choices = ofRanks.map(bytes => {
      const [logit = 0, score = 0, drawn = 0] = new Float32Array(bytes, at + 4, 3)
      const [rankOfToken = 0] = new Uint32Array(bytes, scores.sizeBytes + row * 4, 1)
      return { id: new Uint32Array(bytes, at, 1)[0]!, logit, score, drawn, rank: rankOfToken }
    })
    const { id, logit, score, rank } = choices.reduce((a, b) =>
      b.id !== noToken && (a.id === noToken || b.drawn > a.drawn) ? b : a,
    )
    return {
      ...raw,
      chosen: { id, logit, rank },
      processed: processes ? { statistics: this.statistics(ofRanks, row, 'processed'), logit: score } : null,
    }
  }
}
