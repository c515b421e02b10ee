import type { BeamSettings } from '../../core/generate/beam-search.ts'
import type { FollowUp, Generation } from '../../core/generate/generate.ts'
import type { ModelLimits } from '../../core/model/language-model.ts'
import type { Sampling } from '../../core/model/sampling.ts'
import type { TokenRecord } from '../../core/record/token.ts'
import type { AdapterChoice } from '../adapter/adapter-choice.ts'
import type { RankAdapter } from '../adapter/rank-adapters.ts'
import type { LoadFormat } from '../models/open-model.ts'

/** What an engine process is to do. Plain data: it crosses from process to process and from thread to thread. */
export interface EngineJob {
  /** A model folder; with dummy weights also the name of a published config. */
  model: string
  loadFormat: LoadFormat
  adapter: AdapterChoice
  unsafeFast: boolean
  /** dp replicas of groups of tp ranks; rank r is member r mod tp of group ⌊r / tp⌋. */
  mesh: { tp: number; dp: number }
  /** Of each group. */
  room: ModelLimits
  maxNewTokens: number
  stopIds: readonly number[]
  /** Texts that end an answer. */
  stopTexts?: readonly string[]
  sampling: Sampling
  /** Beam search in place of one token at a time. */
  beams?: BeamSettings | null
  /** Tokens whose log-probabilities are wanted after a follow-up. */
  watchIds?: readonly number[]
  topLogprobs: number
  /** Whether every token is reported as it comes. */
  streamTokens: boolean
}

/** A prompt whose answer is wanted. */
export interface EngineTask {
  /** Key of its noise, and its name in answers. */
  key: number
  promptIds: readonly number[]
  /** A second prompt around the answer. */
  followUp?: FollowUp
  /** Whether it is wanted what the model says of the prompt's own tokens. */
  scoresPrompt?: boolean
}

/** What is known once every rank has loaded its weights. */
export interface LoadedEngine {
  adapters: RankAdapter[]
  /** As each rank's device reports it. */
  adapterNames: string[]
  /** Bytes in buffers of each rank's device. */
  deviceBytes: number[]
  /** Of group 0; see WeightDigest. */
  weightDigest: string
}

/** From the supervisor to the engine. */
export type EngineCommand =
  | { kind: 'start'; job: EngineJob }
  | { kind: 'run'; tasks: EngineTask[] }
  | { kind: 'stop' }

/** From the engine to the supervisor. */
export type EngineEvent =
  | { kind: 'loading'; readBytes: number; totalBytes: number }
  | { kind: 'loaded'; loaded: LoadedEngine }
  | { kind: 'answer'; key: number; generation: Generation }
  | { kind: 'token'; key: number; token: TokenRecord }
  | { kind: 'status'; tokens: number; progress: number; hostBytes: number }
  | { kind: 'done'; stopped: boolean }
  | { kind: 'failed'; name: string; message: string }
