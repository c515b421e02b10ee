import type { WeightDtype } from '../../core/formats/safetensors.ts'
import type { ModelConfig } from '../../core/model/config.ts'
import type { AdapterChoice } from '../adapter/dawn.ts'
import type { LoadFormat } from '../files/open-model.ts'

/** What is to be accepted, and how much time it may take. */
export interface AcceptanceRequest {
  model: string
  loadFormat: LoadFormat
  config: ModelConfig
  dtype: WeightDtype
  adapter: AdapterChoice
  tp: number
  /** Sequences at once, of the speed. */
  concurrency: number
  maxNewTokens: number
  /** For the kernels' checks. */
  seconds: number
  /** Of the comparison of meshes. */
  prompts: readonly (readonly number[])[]
  bounds: AcceptanceBounds
  signal: AbortSignal
  say: (line: string) => void
}

/** How far things may be apart. */
export interface AcceptanceBounds {
  /** A token may differ where the baseline's margin (p1 − p2) is no larger. */
  margin: number
  /** Between two meshes' entropies of a token, in nats. */
  entropyNats: number
  /** A device's buffers against what is planned for its rank: a share, beside a fixed allowance for the small ones. */
  memoryShare: number
  memoryBytes: number
}

/** The bounds of the project. */
export const acceptanceBounds: AcceptanceBounds = {
  margin: 1e-3,
  entropyNats: 1e-4,
  memoryShare: 0.05,
  memoryBytes: 4 * 2 ** 20,
}
