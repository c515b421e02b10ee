import type { SequenceRequest } from '../../core/generate/generate.ts'
import { GroupAbortedError } from '../../core/parallel/communicator.ts'
import type { EngineTask } from './messages.ts'

/** Tasks and their state in memory that all rank threads of an engine share. */
export type TaskQueue = ReturnType<typeof createTaskQueue>

/** Words of the control block, before the groups' logs. */
const cursor = 0
const stopAsked = 1
const failed = 2
const tokenCount = 3
const progressCount = 4
const controlWords = 16

/** A group's log: at which of its steps it stops, then which task it claimed first, second, ...: index + 1, −1 for none left. */
const logWords = (count: number) => count + 2

/** Words of a task. */
const taskWords = 6

/** Lays tasks out for groups to share: one queue, from which a group takes when it has room. */
export function createTaskQueue(tasks: readonly EngineTask[], groups: number) {
  const count = tasks.length
  const parts = tasks.map(({ promptIds, followUp: { before = [], after = [] } = {} }) => {
    return [promptIds, before, after]
  })
  const tokens = parts.flat().reduce((sum, ids) => sum + ids.length, 0)
  // Key, whether the prompt is scored, first token, and numbers of tokens of the prompt and before and after the answer of each
  // task; then all tokens.
  const words = new Uint32Array(new SharedArrayBuffer((count * taskWords + tokens) * 4))
  let at = count * taskWords
  for (const [index, { key, scoresPrompt = false }] of tasks.entries()) {
    words.set([key, Number(scoresPrompt), at, ...parts[index]!.map(ids => ids.length)], index * taskWords)
    for (const ids of parts[index]!) {
      words.set(ids, at)
      at += ids.length
    }
  }
  const control = new SharedArrayBuffer((controlWords + groups * logWords(count)) * 4)
  return { count, groups, tasks: words.buffer, control }
}

/** One rank's view of the queue. */
export class TaskQueueClient {
  readonly #queue: TaskQueue
  readonly #control: Int32Array
  readonly #log: Int32Array
  readonly #leads: boolean
  #steps = 0

  /** `leads`: whether this rank is the first of its group, which decides what the others follow. */
  constructor(queue: TaskQueue, group: number, leads: boolean) {
    this.#queue = queue
    this.#control = new Int32Array(queue.control, 0, controlWords)
    const words = logWords(queue.count)
    this.#log = new Int32Array(queue.control, (controlWords + group * words) * 4, words)
    this.#leads = leads
  }

  /** The tasks that this rank's group claims, the same on each of its ranks. */
  *requests(): Generator<SequenceRequest> {
    const words = new Uint32Array(this.#queue.tasks)
    for (let claim = 1; ; claim++) {
      const index = this.#claim(claim)
      if (index === null) return
      const from = index * taskWords
      const [key = 0, scores = 0, first = 0, prompt = 0, before = 0, after = 0] = words.subarray(
        from,
        from + taskWords,
      )
      const idsAt = (start: number, length: number) => Array.from(words.subarray(start, start + length))
      const promptIds = idsAt(first, prompt)
      const request = scores === 0 ? { key, promptIds } : { key, promptIds, scoresPrompt: true }
      if (before + after === 0) yield request
      else {
        const followUp = {
          before: idsAt(first + prompt, before),
          after: idsAt(first + prompt + before, after),
        }
        yield { ...request, followUp }
      }
    }
  }

  #claim(claim: number): number | null {
    if (this.#leads) {
      const index = Atomics.add(this.#control, cursor, 1)
      Atomics.store(this.#log, claim, index < this.#queue.count ? index + 1 : -1)
      Atomics.notify(this.#log, claim)
    }
    let entry = Atomics.load(this.#log, claim)
    for (; entry === 0; entry = Atomics.load(this.#log, claim)) {
      Atomics.wait(this.#log, claim, 0, 50)
      if (Atomics.load(this.#control, failed) !== 0) throw new GroupAbortedError('another rank failed')
    }
    return entry < 0 ? null : entry - 1
  }

  /**
   * Asked before every step: whether to stop. All ranks of a group stop before the same step: the leader names the next
   * one but one, which the others see before they get there, since they meet in between.
   */
  shouldStop(): boolean {
    this.#steps++
    if (this.#leads && Atomics.load(this.#control, stopAsked) !== 0)
      Atomics.compareExchange(this.#log, 0, 0, this.#steps + 1)
    const stopAt = Atomics.load(this.#log, 0)
    return stopAt !== 0 && this.#steps >= stopAt
  }

  countToken(): void {
    Atomics.add(this.#control, tokenCount, 1)
  }

  countProgress(): void {
    Atomics.add(this.#control, progressCount, 1)
  }

  get tokens(): number {
    return Atomics.load(this.#control, tokenCount)
  }

  get progress(): number {
    return Atomics.load(this.#control, progressCount)
  }

  askToStop(): void {
    Atomics.store(this.#control, stopAsked, 1)
  }

  fail(): void {
    Atomics.store(this.#control, failed, 1)
  }
}
