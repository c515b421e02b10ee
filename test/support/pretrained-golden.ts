import { readFileSync } from 'node:fs'
import { loadModel } from '../../core/model/load-model.ts'
import type { TokenScores } from '../../core/model/scores.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'
import { openModel } from '../../node-runner/models/open-model.ts'
import { testAdapter } from './device.ts'

/** Float64 outputs of Hugging Face Transformers on a pretrained file's dequantised weights. */
export interface PretrainedGolden {
  sequences: {
    name: string
    text: string
    prompt_ids: number[]
    prompt: { entropy: number; top_ids: number[] }[]
    steps: { token: number; entropy: number; logprob: number; margin: number }[]
  }[]
}

/** The golden file of this name. */
export const readPretrainedGolden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as PretrainedGolden

/** How an engine's numbers stand beside float64's, over all steps of some sequences. */
export interface Agreement {
  steps: number
  /** Steps at which the likeliest token is float64's. */
  sameTokens: number
  /** Those with another one where float64's margin p1 − p2 exceeds 1e-4. */
  wrongTokens: string[]
  /** Absolute differences of entropy, nats. */
  largestNats: number
  meanNats: number
  /** The largest over the prompts' positions. */
  largestPromptNats: number
}

/** What an engine says of a golden sequence: entropies of the prompt's positions, and of each step with its likeliest token. */
export interface EngineSequence {
  promptEntropies: number[]
  steps: { token: number; entropy: number }[]
}

/** Compares an engine's numbers with the golden ones. */
export function agreementOf(
  golden: PretrainedGolden['sequences'],
  found: readonly EngineSequence[],
): Agreement {
  const differences: number[] = []
  const promptDifferences: number[] = []
  const wrongTokens: string[] = []
  let sameTokens = 0
  for (const [index, { name, prompt, steps }] of golden.entries()) {
    const { promptEntropies, steps: ours } = found[index]!
    for (const [at, { entropy }] of prompt.entries())
      if (at < promptEntropies.length) promptDifferences.push(Math.abs(promptEntropies[at]! - entropy))
    for (const [at, { token, entropy, margin }] of steps.entries()) {
      const step = ours[at]!
      differences.push(Math.abs(step.entropy - entropy))
      if (step.token === token) sameTokens++
      else if (margin > 1e-4)
        wrongTokens.push(`${name}, step ${at}: ${step.token}, expected ${token}, margin ${margin}`)
    }
  }
  return {
    steps: differences.length,
    sameTokens,
    wrongTokens,
    largestNats: Math.max(...differences),
    meanNats: differences.reduce((sum, one) => sum + one, 0) / differences.length,
    largestPromptNats: Math.max(...promptDifferences),
  }
}

/** This project's numbers: each sequence's prompt and golden tokens run through the model of a file, every position scored. */
export async function runGoldenSequences(
  file: string,
  sequences: PretrainedGolden['sequences'],
  ranks = 1,
): Promise<EngineSequence[]> {
  const devices: Device[] = []
  for (let rank = 0; rank < ranks; rank++) devices.push(await openDevice(await openAdapter(testAdapter)))
  const opened = await openModel(file, 'auto')
  try {
    const longest = Math.max(...sequences.map(({ prompt_ids, steps }) => prompt_ids.length + steps.length))
    const limits = { sequences: 32, capacity: longest, topK: 1 }
    const weights = { where: opened.path, entries: opened.weights }
    await using model = await loadModel(devices, { config: opened.config, weights, limits })
    const results: EngineSequence[] = []
    for (const { prompt_ids, steps } of sequences) {
      const tokens = [...prompt_ids, ...steps.slice(0, -1).map(({ token }) => token)]
      const scores: TokenScores[] = []
      for (let first = 0; first < tokens.length; first += limits.sequences) {
        const rows = tokens
          .slice(first, first + limits.sequences)
          .map((tokenId, i) => ({ tokenId, position: first + i, slot: 0 }))
        const scored = rows.map((_, row) => ({ row, sequence: 0, step: 0 }))
        const all = await Promise.all(
          model.ranks.map(rank => rank.step(rows, scored, { temperature: 0, seed: 0 })),
        )
        scores.push(...all[0]!)
      }
      const entropies = scores.map(({ statistics }) => statistics.entropyNats)
      results.push({
        promptEntropies: entropies.slice(0, prompt_ids.length),
        steps: scores
          .slice(prompt_ids.length - 1)
          .map(({ top, statistics }) => ({ token: top[0]!.id, entropy: statistics.entropyNats })),
      })
    }
    return results
  } finally {
    await opened.close()
    for (const device of devices) device.destroy()
  }
}
