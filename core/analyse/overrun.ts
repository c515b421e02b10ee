import type { FinishReason } from '../formats/sample-record.ts'

/** Answers that the token limit cut, and how many of them hold a marker with which models end their turn. */
export interface Overrun {
  cut: number
  holding: number
  /** The marker that most of these hold, and whether it is a token of its own, and so no text; absent where none holds one. */
  marker?: { text: string; isToken: boolean }
}

/** What the families of chat models end an answer with, and what they begin the next turn with where that is left out. */
const markers = [
  /<\|(?:im_end|eot_id|eot|eom_id|end|endoftext|end_of_text|end_of_turn|END_OF_TURN_TOKEN|return)\|>|<end_of_turn>|<｜end▁of▁sentence｜>|<\/s>|<eos>/,
  /<\|(?:im_start|start_header_id|user)\|>|<start_of_turn>|<｜User｜>|\[INST\]/,
]

/** Counts, answer by answer, whether what reached the token limit had ended before it. */
export function createOverrunCounter() {
  let cut = 0
  const found = new Map<string, { answers: number; isToken: boolean }>()
  return {
    add(finishReason: FinishReason, tokenText: ArrayLike<string | null>): void {
      if (finishReason !== 'length') return
      cut++
      const texts = Array.from(tokenText, text => text ?? '')
      const whole = texts.join('')
      const marker = markers.map(pattern => pattern.exec(whole)?.[0]).find(text => text !== undefined)
      if (marker === undefined) return
      const { answers = 0, isToken = false } = found.get(marker) ?? {}
      found.set(marker, { answers: answers + 1, isToken: isToken || texts.includes(marker) })
    },
    finish(): Overrun {
      const counts = [...found].sort(([, a], [, b]) => b.answers - a.answers)
      const [first] = counts
      return {
        cut,
        holding: counts.reduce((sum, [, { answers }]) => sum + answers, 0),
        ...(first && { marker: { text: first[0], isToken: first[1].isToken } }),
      }
    },
  }
}

/** What to do about answers that the limit cut. */
export function adviceOnCut(overrun: Overrun | undefined): string {
  if (!overrun?.marker) return 'Raise --max-new-tokens, and read completedOnly.'
  const { cut, holding, marker } = overrun
  const flag = `${marker.isToken ? '--stop-token' : '--stop'} '${marker.text}'`
  return (
    `But ${holding} of these ${cut} hold ${marker.text}, with which a turn ends: there the model had finished, and ran on. ` +
    `Answer again with ${flag}${holding < cut ? ', raise --max-new-tokens for the others,' : ''} and read completedOnly.`
  )
}
