import { describe, expect, it } from 'vitest'
import { distributions, Random } from '../../kernels/gpu/random.ts'
import { expectClose } from '../../test/support/expect-close.ts'
import { traceToken } from '../../test/support/trace-sample.ts'
import type { TokenScores } from '../model/scores.ts'
import { recordToken, spliceColumns, type TokenColumns, type TokenRecord, tokenColumns } from './token.ts'

/** What a device hands over of a row of logits, computed in float64 and rounded to the f32 that it travels in. */
function scoresOf(logits: Float32Array, k: number, chosenId: number): TokenScores {
  const maximum = logits.reduce((a, b) => Math.max(a, b))
  const s = logits.reduce((sum, x) => sum + Math.exp(x - maximum), 0)
  const w = logits.reduce((sum, x) => sum + (x - maximum), 0)
  const order = Array.from(logits, (logit, id) => ({ id, logit })).sort(
    (a, b) => b.logit - a.logit || a.id - b.id,
  )
  return {
    statistics: {
      maximum,
      s: Math.fround(s),
      t: 0,
      u: 0,
      w: Math.fround(w),
      entropyNats: 1.5,
      varentropy: 2.5,
      notFinite: 0,
    },
    top: order.slice(0, k),
    chosen: {
      id: chosenId,
      logit: logits[chosenId]!,
      rank: order.findIndex(({ id }) => id === chosenId),
    },
    processed: null,
  }
}

/** The softmax of a row in float64, without any trick. */
function probabilitiesOf(logits: Float32Array): number[] {
  const shift = Math.max(...logits)
  const weights = Array.from(logits, x => Math.exp(x - shift))
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.map(weight => weight / total)
}

const tolerance = { absolute: 1e-6, relative: 1e-6 }
const width = 331

describe('recordToken', () => {
  it.each(Object.keys(distributions))('agrees with float64 on logits %s', kind => {
    const logits = distributions[kind]!(new Random(5), width)
    const probabilities = probabilitiesOf(logits)
    const sorted = probabilities.toSorted((a, b) => b - a)
    const logOf = (id: number) => {
      const shift = Math.max(...logits)
      return logits[id]! - shift - Math.log(logits.reduce((sum, x) => sum + Math.exp(x - shift), 0))
    }
    for (const chosenId of [0, 7, width - 1]) {
      const token = recordToken(scoresOf(logits, 9, chosenId), 5, width, 'text')
      expect(token).toMatchObject({ id: chosenId, text: 'text', entropyNats: 1.5, varentropy: 2.5 })
      expect(token.topIds).toHaveLength(5)
      const logs = Array.from(logits, (_, id) => logOf(id))
      expectClose('logprob', [token.logprob], [logs[chosenId]!], tolerance)
      expectClose('top logprobs', token.topLogprobs, token.topIds.map(logOf), tolerance)
      expectClose('margin', [token.margin], [sorted[0]! - sorted[1]!], tolerance)
      const tail = sorted.slice(5).reduce((a, b) => a + b, 0)
      expectClose('tail mass', [token.tailMass], [tail], tolerance)
      const meanLog = logs.reduce((a, b) => a + b, 0) / width
      expectClose('self-certainty', [token.selfCertainty], [-Math.log(width) - meanLog], tolerance)
    }
  })

  it('keeps the rank, and ties in the order of their ids', () => {
    const logits = new Float32Array([1, 3, 3, 2])
    const token = recordToken(scoresOf(logits, 4, 2), 3, 4, null)
    expect(token).toMatchObject({ rank: 1, topIds: [1, 2, 3], margin: 0, text: null })
    expect(token.topLogprobs[1]).toBe(token.logprob)
  })

  it('leaves nothing outside, and never less, when it keeps the whole vocabulary', () => {
    const random = new Random(6)
    for (let round = 0; round < 200; round++) {
      const logits = random.normals(8, 4)
      const { tailMass } = recordToken(scoresOf(logits, 8, 0), 8, 8, null)
      expect(tailMass).toBeGreaterThanOrEqual(0)
      expect(tailMass).toBeLessThan(1e-6)
    }
  })

  it('takes the second of a vocabulary of one as impossible', () => {
    const token = recordToken(scoresOf(new Float32Array([-3]), 1, 0), 5, 1, null)
    expect(token).toMatchObject({ logprob: 0, margin: 1, selfCertainty: 0, tailMass: 0, topIds: [0] })
  })
})

describe('columns of tokens', () => {
  const raw = [traceToken(1), traceToken(2, null), traceToken(3)]
  const drawn: TokenRecord = { ...traceToken(4), processedEntropyNats: 0.5, processedLogprob: -0.25 }

  it('have every field under its name, what is absent of all tokens left out', () => {
    const columns = tokenColumns(raw)
    expect(columns).toMatchObject({ tokenId: [1, 2, 3], tokenText: [' t1', null, ' t3'] })
    expect(columns.entropyNats).toEqual(Float64Array.from(raw, token => token.entropyNats))
    expect(columns.topIds).toEqual(raw.map(token => token.topIds))
    expect(Object.keys(columns)).toEqual([
      ...['tokenId', 'tokenText', 'entropyNats', 'varentropy', 'logprob', 'margin', 'selfCertainty', 'rank'],
      ...['topIds', 'topLogprobs', 'tailMass'],
    ])
    expect(tokenColumns([]).tokenId).toEqual([])
  })

  it('keep what tokens were drawn from, null where that is the raw softmax', () => {
    expect(tokenColumns([raw[0]!, drawn])).toMatchObject({
      processedEntropyNats: [null, 0.5],
      processedLogprob: [null, -0.25],
    })
  })

  it('join to those of all tokens', () => {
    for (const [first, second] of [
      [raw, [drawn]],
      [[drawn, ...raw], raw],
      [raw, raw],
      [raw, []],
    ] as const)
      for (const count of [0, 2, first.length])
        expect(spliceColumns(tokenColumns(first), count, tokenColumns(second))).toEqual(
          spliced(tokenColumns(first), first.slice(0, count), second),
        )
  })

  /** A column that one of the two has is there also where the tokens that have its field were left out. */
  function spliced(of: TokenColumns, kept: readonly TokenRecord[], second: readonly TokenRecord[]) {
    const nulls = of.processedLogprob && [...kept, ...second].map(() => null)
    return {
      ...(nulls && { processedEntropyNats: nulls, processedLogprob: nulls }),
      ...tokenColumns([...kept, ...second]),
    }
  }
})
