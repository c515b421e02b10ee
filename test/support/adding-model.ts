import { expect } from 'vitest'
import type { SteppedModel } from '../../core/generate/generate.ts'
import type { ModelConfig } from '../../core/model/config.ts'
import type { Row, StepScore } from '../../core/model/language-model.ts'
import type { RopeConfig } from '../../core/model/rope-config.ts'
import type { TokenScores } from '../../core/model/scores.ts'
import { chosenBefore, isKnownToken } from '../../kernels/shared/row-token.ts'
import { tinyConfig } from './tiny-config.ts'

/** Of the model below: 100 tokens, a context of 64. */
export const addingConfig: ModelConfig = { ...tinyConfig, vocabSize: 100, maxPositionEmbeddings: 64 }

/** After this token the logits are not finite. */
export const poison = 66

/** Room of the model below. */
interface AddingRoom {
  sequences: number
  capacity?: number
  maxRows?: number
  maxSequenceRows?: number
  /** Tokens beyond which its sequences turn by LongRoPE's long factors; left out, none do. */
  originalContext?: number
  /** Steps that it takes before the first of them is read. */
  stepsInFlight?: number
}

/**
 * A model whose next token is the sum of all tokens that its slot's cache holds up to the row, modulo 60. It fails when
 * a row does not continue its slot's sequence, or turns otherwise than the rows before it, or than its length asks for where
 * it is scored, so a wrong position, slot or order cannot go unnoticed. With more than one step in flight it takes tokens that the
 * step before chose, and fails where more steps are unread than that, or where it is asked about a step that is not the last one
 * or not read.
 */
export function addingModel(room: AddingRoom) {
  const { sequences, capacity = 64, maxRows = 16, maxSequenceRows = maxRows } = room
  const originalContext = room.originalContext ?? Number.POSITIVE_INFINITY
  const stepsInFlight = room.stepsInFlight ?? 1
  let unread = 0
  /** What was submitted and read, in order, by the number of the step. */
  const order: string[] = []
  const caches: number[][] = Array.from({ length: sequences }, () => [])
  const turnsOf: boolean[] = []
  const steps: { rows: Row[]; scored: StepScore[] }[] = []
  let lastScores: TokenScores[] = []
  /** The slots of the rows that the last step scored. */
  let lastSlots: number[] = []
  /** What each row of the last step has seen. */
  let lastSeen: number[][] = []
  const model: SteppedModel = {
    config: {
      ...addingConfig,
      ropes: room.originalContext ? [longRope(room.originalContext)] : addingConfig.ropes,
    },
    limits: { sequences, capacity, topK: 2 },
    maxRows,
    maxSequenceRows,
    stepsInFlight,
    // The scores of the last step: 1 for its token, 0.5 for the next, else 0.
    async logitsOf(wanted) {
      expect(unread, 'steps that are not read').toBe(0)
      return wanted.map(({ row, id }) => lastScores[row]!.top.find(top => top.id === id)?.logit ?? 0)
    },
    // Of those scores: two are above all others.
    async tokenRanksOf(chosen) {
      expect(unread, 'steps that are not read').toBe(0)
      return new Map(
        [...chosen].map(([row, { id }]) => {
          const place = lastScores[row]!.top.findIndex(top => top.id === id)
          return [row, place === -1 ? 2 : place]
        }),
      )
    },
    async submitStep(given, scored) {
      const rows = given.map(row => {
        if (isKnownToken(row.tokenId)) return row
        const place = lastSlots.findIndex((_, index) => chosenBefore(index) === row.tokenId)
        expect(row.slot, 'whose token the step before chose').toBe(lastSlots[place])
        return { ...row, tokenId: lastScores[place]!.chosen.id }
      })
      expect(rows.length).toBeGreaterThan(0)
      expect(rows.length).toBeLessThanOrEqual(maxRows)
      expect(scored.length).toBeLessThanOrEqual(sequences)
      steps.push({
        rows,
        scored: scored.map(({ row, sequence, step }) => ({ row, sequence, step })),
      })
      for (const ofSlot of Map.groupBy(rows, row => row.slot).values())
        expect(ofSlot.length).toBeLessThanOrEqual(maxSequenceRows)
      const sums = rows.map(({ tokenId, position, slot, isLong = false }) => {
        const cache = caches[slot]!
        if (position === 0) {
          cache.length = 0
          turnsOf[slot] = isLong
        }
        expect(isLong, `turns of slot ${slot}`).toBe(turnsOf[slot])
        expect(position, `slot ${slot}`).toBe(cache.length)
        expect(position).toBeLessThan(capacity)
        cache.push(tokenId)
        return cache
      })
      lastSeen = rows.map(({ position }, row) => sums[row]!.slice(0, position + 1))
      // A sequence's later rows have filled the cache further by now; what counts is the cache up to the row.
      for (const { row } of scored)
        expect(rows[row]!.isLong ?? false, 'turns').toBe(rows[row]!.position + 1 > originalContext)
      const scores = scored.map(({ row }) => scoresAfter(lastSeen[row]!))
      lastScores = scores
      lastSlots = scored.map(({ row }) => rows[row]!.slot)
      expect(++unread, 'steps in flight').toBeLessThanOrEqual(stepsInFlight)
      const number = steps.length
      order.push(`submit ${number}`)
      return {
        async read() {
          unread--
          order.push(`read ${number}`)
          return scores
        },
      }
    },
    async scoreKnown(known) {
      expect(unread, 'steps that are not read').toBe(0)
      return known.map(({ row, id }) => {
        const { statistics, top } = scoresAfter(lastSeen[row]!)
        const rank = top.findIndex(one => one.id === id)
        return { statistics, logit: top[rank]?.logit ?? 0, rank: rank === -1 ? 2 : rank }
      })
    },
  }
  return { model, steps, order }
}

function longRope(originalContext: number): RopeConfig {
  const factors = { shortFactors: [1, 1], longFactors: [2, 3], attentionFactor: 1 }
  return { theta: 10000, width: 4, scaling: { type: 'longrope', originalContext, ...factors } }
}

function scoresAfter(tokens: number[]): TokenScores {
  const id = tokens.reduce((a, b) => a + b, 0) % 60
  const notFinite = tokens.at(-1) === poison ? 3 : 0
  return {
    statistics: { maximum: 1, s: 2, t: 0, u: 0, w: -50, entropyNats: id / 10, varentropy: 0, notFinite },
    top: [
      { id, logit: 1 },
      { id: id + 1, logit: 0.5 },
    ],
    chosen: { id, logit: 1, rank: 0 },
    processed: null,
  }
}
