import { parentPort, workerData } from 'node:worker_threads'
import { expose, type ProxyMarked, type Remote } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { generateBeams } from '../../core/generate/beam-search.ts'
import { type GenerateOptions, type Generation, generate } from '../../core/generate/generate.ts'
import type { LanguageModel } from '../../core/model/language-model.ts'
import {
  type Communicator,
  type GroupMemory,
  sharedMemoryCommunicator,
  soloCommunicator,
} from '../../core/parallel/communicator.ts'
import type { TokenRecord } from '../../core/record/token.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { maySpin, openRankAdapter, type RankAdapter } from '../adapter/rank-adapters.ts'
import { loadTokenizer } from '../models/load-tokenizer.ts'
import { loadRank } from './load-rank.ts'
import type { EngineJob } from './messages.ts'
import { type TaskQueue, TaskQueueClient } from './task-queue.ts'

/** What a rank thread is started with. */
export interface RankStart {
  job: EngineJob
  rank: number
  adapter: RankAdapter
  /** Of its group; null for a rank that is alone. */
  exchange: GroupMemory | null
}

/** What a rank hands over while it runs. */
export interface RankListener {
  onAnswer(key: number, generation: Generation): void
  onToken(key: number, token: TokenRecord): void
}

/** A rank: opens its device, holds its part of the model and answers tasks with the others. Called through Comlink. */
function createRank(start: RankStart) {
  const { job, rank, adapter, exchange: memory } = start
  const { tp, dp } = job.mesh
  const group = Math.floor(rank / tp)
  const member = rank % tp
  const spins = maySpin(adapter, tp * dp)
  const exchange: Communicator = memory ? sharedMemoryCommunicator(memory, member, spins) : soloCommunicator()

  // Held: Dawn crashes when what made a device is collected before it.
  let device: Device | null = null
  let model: LanguageModel | null = null

  return {
    /** Opens the rank's device and reads its part of the weights. `onRead` gets the bytes read, each counted once in a group. */
    async load(onRead: Remote<((bytes: number) => void) & ProxyMarked>) {
      try {
        device = await openDevice(
          await openRankAdapter(adapter, { unsafeFast: job.unsafeFast, sleeps: !spins }),
        )
        let read: Promise<void> = Promise.resolve()
        const loaded = await loadRank(job, device, exchange, bytes => {
          read = onRead(bytes)
        })
        model = loaded.model
        // These arrive in order, on a channel of their own: once the last has, none comes after the load is over.
        await read
        const { adapterName, counters } = device
        return { adapterName, weightDigest: loaded.weightDigest, deviceBytes: counters.allocatedBytes }
      } catch (error) {
        exchange.abort(String(error))
        throw error
      }
    },

    /** Answers tasks until the queue is empty (false) or a stop is asked for (true). The first rank of a group hands the answers over. */
    async run(queue: TaskQueue, listener: Remote<RankListener & ProxyMarked>) {
      const leads = member === 0
      const client = new TaskQueueClient(queue, group, leads)
      // What is handed over arrives in order, on a channel of its own: once the last has, all have.
      let handedOver: Promise<void> = Promise.resolve()
      try {
        let stopped = false
        // Every rank reads the answers' text itself, so that all end them before the same step.
        const texts = job.stopTexts ?? []
        const stopTexts =
          texts.length > 0 ? { texts, decode: (await loadTokenizer(job.model)).decode } : undefined
        const options: GenerateOptions = {
          maxNewTokens: job.maxNewTokens,
          stopIds: new Set(job.stopIds),
          stopTexts,
          sampling: job.sampling,
          topLogprobs: job.topLogprobs,
          watchIds: job.watchIds ?? [],
          tokenText: null,
          shouldStop: () => {
            client.countProgress()
            stopped = client.shouldStop()
            return stopped
          },
          onToken: (request, token) => {
            if (!leads) return
            client.countToken()
            if (job.streamTokens) handedOver = listener.onToken(request.key, token)
          },
        }
        const answers = job.beams
          ? generateBeams(model!, client.requests(), options, job.beams)
          : generate(model!, client.requests(), options)
        for await (const { request, generation } of answers)
          if (leads) handedOver = listener.onAnswer(request.key, generation)
        await handedOver
        return stopped
      } catch (error) {
        client.fail()
        exchange.abort(String(error))
        throw error
      }
    },
  }
}

/** A rank's interface. */
export type RankApi = ReturnType<typeof createRank>

if (parentPort) expose(createRank(workerData as RankStart), nodeEndpoint(parentPort))
