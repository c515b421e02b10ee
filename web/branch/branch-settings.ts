import type { OpenRun } from '../data/open-run.ts'

/** How the answers of a run are continued: as run.json says, and where it does not, as the run's own answers let guess. */
export interface BranchSettings {
  maxNewTokens: number
  /** Null: the model's own. */
  stopIds: readonly number[] | null
  /** Texts that end an answer. */
  stopTexts: readonly string[]
  topLogprobs: number
  repetitionPenalty: number
  /** Tokens of the longest prompt of the run and an answer to it. */
  longestTokens: number
  /** Whether the run's own answers are no greedy ones, as branches are. */
  isOtherwise: boolean
}

const usualTopLogprobs = 5

/** The settings of a run. */
export function branchSettings({ facts, columns }: Pick<OpenRun, 'facts' | 'columns'>): BranchSettings {
  const { decoding = {} } = facts ?? {}
  const number = (name: string) => (typeof decoding[name] === 'number' ? decoding[name] : null)
  const largest = (column: Int32Array) => column.reduce((most, value) => Math.max(most, value), 1)
  const maxNewTokens = number('maxNewTokens') ?? largest(columns.generatedTokens)
  const { stopIds, stopTexts } = decoding
  return {
    maxNewTokens,
    stopIds: Array.isArray(stopIds) ? stopIds.filter(id => typeof id === 'number') : null,
    stopTexts: Array.isArray(stopTexts) ? stopTexts.filter(text => typeof text === 'string') : [],
    topLogprobs: number('topLogprobs') ?? usualTopLogprobs,
    repetitionPenalty: number('repetitionPenalty') ?? 1,
    longestTokens: largest(columns.promptTokens) + maxNewTokens + 1,
    isOtherwise: (number('temperature') ?? 0) > 0 || (number('numBeams') ?? 1) > 1,
  }
}
