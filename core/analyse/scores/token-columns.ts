import type { TokenColumns } from '../../formats/run-columns.ts'
import type { TokenRecord } from '../../generate/token-record.ts'

/** The tokens of one sample as columns. */
export function tokenColumns(tokens: readonly TokenRecord[]): TokenColumns {
  return {
    tokenId: tokens.map(token => token.id),
    tokenText: tokens.map(token => token.text),
    entropyNats: Float64Array.from(tokens, token => token.entropyNats),
    varentropy: Float64Array.from(tokens, token => token.varentropy),
    logprob: Float64Array.from(tokens, token => token.logprob),
    margin: Float64Array.from(tokens, token => token.margin),
    selfCertainty: Float64Array.from(tokens, token => token.selfCertainty),
    rank: tokens.map(token => token.rank),
    topIds: tokens.map(token => token.topIds),
    topLogprobs: tokens.map(token => token.topLogprobs),
    tailMass: Float64Array.from(tokens, token => token.tailMass),
  }
}
