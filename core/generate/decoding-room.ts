import type { ModelRoom } from '../model/language-model.ts'
import { beamCandidates } from './beam-search.ts'

/** The room that decoding takes of each group: a slot for every beam of the answers made at once, and the largest logits. */
export function decodingRoom(
  answersAtOnce: number,
  topLogprobs: number,
  decoding: { numBeams?: number; stopIds: readonly number[] },
  vocabulary: number,
): Pick<ModelRoom, 'sequences' | 'topK'> {
  const { numBeams = 1, stopIds } = decoding
  const candidates = numBeams > 1 ? beamCandidates(numBeams, stopIds.length) : 2
  return {
    sequences: answersAtOnce * numBeams,
    topK: Math.min(Math.max(topLogprobs, candidates), vocabulary),
  }
}
