import { isModelName } from '../../core/model/model-name.ts'
import type { RunFacts } from '../../core/run/run-facts.ts'
import type { OpenRun } from '../data/open-run.ts'

export type BranchSettings = ReturnType<typeof branchSettings>

const usualTopLogprobs = 5

/** How the answers of a run are continued: as run.json says, and where it does not, as the run's own answers let guess. */
export function branchSettings({ facts, columns }: Pick<OpenRun, 'facts' | 'columns'>) {
  const { decoding = {} } = facts ?? {}
  const number = (name: string) => (typeof decoding[name] === 'number' ? decoding[name] : null)
  const largest = (column: Int32Array) => column.reduce((most, value) => Math.max(most, value), 1)
  /** Tokens of a whole answer at most. */
  const maxNewTokens = number('maxNewTokens') ?? largest(columns.generatedTokens)
  const { stopIds, stopTexts } = decoding
  return {
    maxNewTokens,
    /** Null where the run does not say: the model's own. */
    stopIds: Array.isArray(stopIds) ? stopIds.filter(id => typeof id === 'number') : null,
    stopTexts: Array.isArray(stopTexts) ? stopTexts.filter(text => typeof text === 'string') : [],
    topLogprobs: number('topLogprobs') ?? usualTopLogprobs,
    repetitionPenalty: number('repetitionPenalty') ?? 1,
    /** Whether the run's prompts are in no chat template. */
    isRaw: facts?.isRaw ?? false,
    /** Tokens of the longest prompt of the run and an answer to it. */
    longestTokens: largest(columns.promptTokens) + maxNewTokens + 1,
    /** Whether the run's own answers are no greedy ones, as branches are. */
    isOtherwise: (number('temperature') ?? 0) > 0 || (number('numBeams') ?? 1) > 1,
  }
}

/**
 * Address of the model that is at hand, its folder's or its file's in GGUF: the page's own query names it (`?model=…`), else what served the page;
 * null where neither does, and where that is no address.
 */
export function modelAddress(): string | null {
  const named =
    new URLSearchParams(location.search).get('model') ||
    document.querySelector<HTMLMetaElement>('meta[name="entrace-model"]')?.content
  const page = location.origin + location.pathname
  return named && URL.canParse(named, page) ? new URL(named, page).href : null
}

/** Why no answer of a run can be continued here, and what to do about it; null where nothing is in the way so far. */
export function whyNoBranches(facts: RunFacts | null): string | null {
  if (!('gpu' in navigator))
    return isSecureContext
      ? 'This browser has no WebGPU, so nothing can be computed here; the recorded answer can be read all the same. ' +
          'Use a recent Chrome or Edge, or Safari 26, or a Firefox that has WebGPU on this system.'
      : 'Browsers give WebGPU to pages of https addresses and of this machine (127.0.0.1) only, so nothing can be ' +
          'computed here. Open the page by such an address.'
  return modelAddress() === null ? describeMissingModel(facts) : null
}

/**
 * What brings a model that is not at hand. A run's word for its model is a name and no leave to serve a folder, and one that
 * is no model's name is not repeated as something to type.
 */
export function describeMissingModel(facts: Pick<RunFacts, 'model' | 'modelRevision'> | null): string {
  const { model, modelRevision } = facts ?? { model: null, modelRevision: null }
  const name = isModelName(model) ? model : null
  const revision = /^[0-9a-f]{40}$/.test(modelRevision ?? '') ? `@${modelRevision}` : ''
  const flag = name?.includes('/')
    ? `--model ${name}${revision} from the Hub, or --model PATH`
    : `--model PATH${name === null ? '' : `, where ${name} lies`}`
  return (
    `No model is at hand. Serve this run with its model, entrace view DIR ${flag}, or add ` +
    '?model=ADDRESS of a model folder or a file in GGUF to the address of this page, before the #.'
  )
}
