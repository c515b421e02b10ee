import type { FinishReason } from '../../record/sample.ts'
import { type TokenFindings, type TokenKind, tokenKinds } from '../findings.ts'
import { findSpikes, spikeDeviations, spikeMinimumNats, tokenAt } from '../scores/sequence-measures.ts'
import { addValue, createFirstWrongStepCounter, createRunningMean, finishMean } from './first-wrong-step.ts'
import {
  createEntropyHistogram,
  createForkingCounter,
  entropyBin,
  type FindingsTokens,
  shareOfTokensThatCarry,
} from './forking-tokens.ts'

/** What the findings read of a sample besides its tokens. */
export interface FindingsSample {
  correct: boolean
  finishReason: FinishReason
  /**
   * Index in the generated text of the first wrong character (`sortError`); null or absent where it is not known. It is
   * looked up in the texts of the tokens strung together, which are longer by a sign or two behind a character whose bytes
   * are split among tokens.
   */
  firstWrongCharacter?: number | null
}

const deciles = 10
const concentrations = [0.5, 0.8, 0.9]

/** Says in one pass over the tokens of a run where its uncertainty lies; memory does not grow with the run. */
export function createTokenFindings() {
  const samples = { correct: 0, incorrect: 0 }
  const kinds = tokenKinds.map(kind => ({ kind, entropy: createRunningMean(), spikes: 0 }))
  const positions = Array.from({ length: deciles }, () => ({
    correct: createRunningMean(),
    incorrect: createRunningMean(),
    spikes: 0,
  }))
  const spikes = { correct: { n: 0, samples: 0 }, incorrect: { n: 0, samples: 0 } }
  const histogram = createEntropyHistogram()
  const forking = createForkingCounter()
  const firstWrongStep = createFirstWrongStepCounter(tokenKinds.length)
  const kindOf = createKindLookup()

  return {
    /** Samples that failed or have no tokens are left out. */
    add({ correct, finishReason, firstWrongCharacter = null }: FindingsSample, tokens: FindingsTokens): void {
      const { entropyNats, tokenText } = tokens
      const count = entropyNats.length
      if (finishReason === 'error' || count === 0) return
      const verdict = correct ? 'correct' : 'incorrect'
      samples[verdict]++
      for (let index = 0; index < count; index++) {
        const entropy = entropyNats[index]!
        const bin = entropyBin(entropy)
        histogram.counts[bin]!++
        histogram.sums[bin]! += entropy
        addValue(kinds[kindOf(tokens, index)]!.entropy, entropy)
        addValue(positions[Math.floor((deciles * index) / count)]![verdict], entropy)
        forking.add(tokens, index, bin)
      }
      const found = findSpikes(entropyNats)
      for (const index of found) {
        kinds[kindOf(tokens, index)]!.spikes++
        positions[Math.floor((deciles * index) / count)]!.spikes++
      }
      spikes[verdict].n += found.length
      if (found.length > 0) spikes[verdict].samples++

      const kindAt = (index: number) => kindOf(tokens, index)
      if (correct) firstWrongStep.addCorrect(entropyNats, kindAt)
      else if (firstWrongCharacter !== null) {
        const token = tokenAt(tokenText, firstWrongCharacter)
        if (token !== null) firstWrongStep.addIncorrect(entropyNats, kindAt, token)
      }
    },

    finish(): TokenFindings {
      const tokens = kinds.reduce((sum, { entropy }) => sum + entropy.n, 0)
      const total = kinds.reduce((sum, { entropy }) => sum + entropy.sum, 0)
      return {
        samples,
        tokens,
        kinds: kinds.map(({ kind, entropy, spikes }) => ({
          kind,
          n: entropy.n,
          meanEntropyNats: finishMean(entropy).mean,
          shareOfTokens: tokens === 0 ? null : entropy.n / tokens,
          shareOfEntropy: total === 0 ? null : entropy.sum / total,
          spikes,
        })),
        positions: positions.map(({ correct, incorrect, spikes }, index) => ({
          from: index / deciles,
          to: (index + 1) / deciles,
          correct: finishMean(correct),
          incorrect: finishMean(incorrect),
          spikes,
        })),
        concentration: concentrations.map(shareOfEntropy => ({
          shareOfEntropy,
          shareOfTokens: shareOfTokensThatCarry(shareOfEntropy, histogram),
        })),
        spikes: {
          n: spikes.correct.n + spikes.incorrect.n,
          minimumNats: spikeMinimumNats,
          deviations: spikeDeviations,
          ...spikes,
        },
        forking: forking.finish(histogram),
        firstWrongStep: firstWrongStep.finish(),
      }
    },
  }
}

/** Index in `tokenKinds` of the kind of a token. A token of the vocabulary is classified once, and once more behind a backslash. */
function createKindLookup(): (tokens: FindingsTokens, index: number) => number {
  const mostKnown = 65_536
  const plain = new Map<number, number>()
  const behindBackslash = new Map<number, number>()
  return ({ tokenId, tokenText }, index) => {
    const id = tokenId[index]!
    const previous = index === 0 ? null : (tokenText[index - 1] ?? null)
    const known = previous?.endsWith('\\') ? behindBackslash : plain
    let kind = known.get(id)
    if (kind === undefined) {
      kind = tokenKinds.indexOf(classifyToken(tokenText[index] ?? null, previous))
      if (known.size < mostKnown) known.set(id, kind)
    }
    return kind
  }
}

/**
 * The kind of a token by its text; the first that applies:
 * special, a token shown by name such as `<|im_end|>`; whitespace, nothing else; latex, with a backslash or a brace, or
 * letters right behind a token that ends with a backslash; word, with a letter; digit, with a digit; operator, with one
 * of + - * / = < > ^ % and their mathematical forms; punctuation, all else. Null, where there is no text, is punctuation.
 */
export function classifyToken(text: string | null, previous: string | null = null): TokenKind {
  if (text === null) return 'punctuation'
  if (/^<[|｜][^<>]*[|｜]>$|^<\/?s>$/.test(text)) return 'special'
  if (/^\s+$/.test(text)) return 'whitespace'
  if (/[\\{}]/.test(text)) return 'latex'
  if (/\p{L}/u.test(text)) return previous?.endsWith('\\') && /^\p{L}/u.test(text) ? 'latex' : 'word'
  if (/\p{Nd}/u.test(text)) return 'digit'
  if (/[-+*/=<>^%−×÷·±√∑∏≤≥≠≈→∙]/.test(text)) return 'operator'
  return 'punctuation'
}
