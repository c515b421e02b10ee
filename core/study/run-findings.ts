import type { FinishReason, SampleRecord } from '../record/sample.ts'
import { createErrorCounter } from './errors/error-counts.ts'
import type { ErrorLabels } from './errors/error-labels.ts'
import type { Overrun, RunFindings } from './findings.ts'
import type { FindingsTokens } from './tokens/forking-tokens.ts'
import { createTokenFindings } from './tokens/token-findings.ts'

/**
 * Sorts errors, by their labels where they have one, and finds where among tokens uncertainty lies: findings that grow sample by sample
 * and keep no sample.
 */
export function createRunFindings(labels?: ErrorLabels) {
  const errors = createErrorCounter(labels)
  const findings = createTokenFindings()
  const overrun = createOverrunCounter()
  return {
    add(sample: Omit<SampleRecord, 'tokens'>, tokens: FindingsTokens): void {
      const { correct, finishReason } = sample
      const firstWrongCharacter = errors.add(sample)?.characterOffset ?? null
      overrun.add(finishReason, tokens.tokenText)
      findings.add({ correct, finishReason, firstWrongCharacter }, tokens)
    },
    finish(): RunFindings {
      const ran = overrun.finish()
      return {
        tokens: findings.finish(),
        errorKinds: errors.finish(),
        ...(ran.holding > 0 && { overrun: ran }),
      }
    },
  }
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
