import type { Generation } from '../../core/generate/generate.ts'
import type { ModelRoom } from '../../core/model/language-model.ts'
import type { LoadedEngine } from '../engine/messages.ts'
import { superviseEngine } from '../engine/supervise-engine.ts'
import type { AcceptanceRequest } from './acceptance-request.ts'

/** What an engine is to answer. */
export interface TaskRun {
  tp: number
  room: ModelRoom
  prompts: readonly (readonly number[])[]
  maxNewTokens: number
}

/** What it answered, and when. */
export interface TaskAnswers {
  loaded: LoadedEngine
  loadMs: number
  /** In the order of the prompts. */
  answers: Generation[]
  /** When each answer arrived, in the order of their arrival; performance.now(). */
  arrivedMs: number[]
}

/**
 * Has prompts answered greedily and to the limit by an engine as users run it. An engine that fails is not started again:
 * here that is a finding. Throws what the engine met.
 */
export async function runTasks(request: AcceptanceRequest, run: TaskRun): Promise<TaskAnswers> {
  const { model, loadFormat, adapter, signal } = request
  const { tp, room, prompts, maxNewTokens } = run
  const startedMs = performance.now()
  let loaded: { engine: LoadedEngine; loadMs: number } | null = null
  const answers: Generation[] = []
  const arrivedMs: number[] = []
  const finished = await superviseEngine(
    {
      model,
      loadFormat,
      adapter,
      unsafeFast: false,
      mesh: { tp, dp: 1 },
      room,
      maxNewTokens,
      stopIds: [],
      sampling: { temperature: 0, seed: 0 },
      topLogprobs: room.topK,
      streamTokens: false,
    },
    prompts.map((promptIds, key) => ({ key, promptIds })),
    {
      onLoading() {},
      onLoaded(engine) {
        loaded = { engine, loadMs: performance.now() - startedMs }
      },
      onAnswer({ key, generation }) {
        answers[key] = generation
        arrivedMs.push(performance.now())
      },
      onRestart(reason) {
        throw new Error(`the engine of tp ${tp} failed: ${reason}`)
      },
    },
    { signal },
  )
  if (!finished) throw new Error('interrupted')
  const failed = answers.find(({ error }) => error !== null)
  if (failed) throw new Error(`tp ${tp}: an answer failed: ${failed.error}`)
  const { engine, loadMs } = loaded!
  return { loaded: engine, loadMs, answers, arrivedMs }
}
