import './refuse-eval.ts'
import { expose } from 'comlink'
import { answerText } from '../../core/generate/answer-end.ts'
import { generate } from '../../core/generate/generate.ts'
import type { Verdict } from '../../core/grade/grade-answer.ts'
import type { GradingRules } from '../../core/grade/grading-rules.ts'
import type { FinishReason } from '../../core/record/sample.ts'
import type { TokenRecord } from '../../core/record/token.ts'
import type { BranchSettings } from './branch-settings.ts'
import { type ModelRequest, openPageModel, type PageModel } from './page-model.ts'

/** A branch to be computed. */
export interface BranchRequest extends Omit<BranchSettings, 'longestTokens' | 'isOtherwise'> {
  /** The prompt as the run rendered it, the problem within it, and how many tokens the run made of it. */
  prompt: string
  problem: string
  promptTokens: number
  /** Tokens of the answer up to the branch, and those that the reader chose. */
  keptIds: readonly number[]
  forcedIds: readonly number[]
  expectedAnswer: string
  /** By which rules the run is graded. */
  grading: GradingRules
}

/** A token of a text that the reader typed. */
export interface TextToken {
  id: number
  text: string
}

/** What became of a branch. */
export interface BranchEnd {
  finishReason: FinishReason | 'stopped'
  error: string | null
  /** Text of the whole answer. */
  generatedText: string
  /** Null of an answer that was stopped or failed. */
  verdict: Verdict | null
  /** From the chosen tokens on. */
  tokens: TokenRecord[]
}

/** What is known of a model that is loaded: its digest is as run.json has it. */
export interface ModelFacts {
  adapterName: string
  weightDigest: string
  /** Why the browser does not keep its files, in words; null where it does. */
  notKept: string | null
}

let opened: PageModel | null = null
let loaded: Awaited<ReturnType<PageModel['load']>> | null = null
let isStopped = false

const workerApi = {
  /** Reads what the model costs, and its tokenizer. */
  async open(request: ModelRequest): Promise<PageModel['cost']> {
    opened = await openPageModel(request)
    return opened.cost
  },
  /** Loads the opened model; `onBytes` gets how many bytes were read so far. */
  async load(onBytes: (readBytes: number) => void): Promise<ModelFacts> {
    let readBytes = 0
    let toldMs = 0
    loaded = await modelOpened().load(sizeBytes => {
      readBytes += sizeBytes
      if (performance.now() - toldMs < tellMs) return
      toldMs = performance.now()
      onBytes(readBytes)
    })
    const { adapterName, weightDigest, notKept } = loaded
    return { adapterName, weightDigest, notKept }
  },
  /** The tokens of a text. */
  encode(text: string): TextToken[] {
    const { tokenizer } = modelOpened()
    return tokenizer.encode(text).map(id => ({ id, text: tokenizer.tokenText(id) }))
  },
  textsOf(ids: readonly number[]): string[] {
    const { tokenizer } = modelOpened()
    return ids.map(id => tokenizer.tokenText(id))
  },
  /** Has the model continue an answer; `onToken` gets every token as it comes. */
  async run(request: BranchRequest, onToken: (token: TokenRecord) => unknown): Promise<BranchEnd> {
    const { tokenizer, stopIds: stopIdsOf } = modelOpened()
    if (!loaded) throw new Error('branch worker: the model is not loaded; load it first')
    isStopped = false
    // Needed when the answer has ended, and loaded while it is computed.
    const grader = import('../../core/grade/grade-answer.ts')
    grader.catch(() => {})
    const promptIds = request.isRaw
      ? tokenizer.encodeRaw(request.prompt)
      : tokenizer.encodePrompt(request.prompt, request.problem)
    if (promptIds.length !== request.promptTokens) {
      const error =
        `This model's tokenizer makes ${promptIds.length} tokens of the prompt, the run's made ${request.promptTokens}: ` +
        "the ids that the run recorded may mean something else to it. Use the run's own model"
      return { finishReason: 'error', error, generatedText: '', verdict: null, tokens: [] }
    }
    const { keptIds, forcedIds, topLogprobs, repetitionPenalty, stopTexts } = request
    const stopIds = new Set(request.stopIds ?? stopIdsOf(request.prompt, request.problem))
    const tokens: TokenRecord[] = []
    // What is handed over arrives on a channel of its own: once the last has, all have.
    let handedOver: unknown
    const asked = { promptIds: [...promptIds, ...keptIds], begunIds: keptIds, forcedIds, key: 0 }
    const answers = generate(loaded.model, [asked], {
      maxNewTokens: request.maxNewTokens - keptIds.length,
      stopIds,
      stopTexts: stopTexts.length > 0 ? { texts: stopTexts, decode: tokenizer.decode } : undefined,
      sampling: { temperature: 0, seed: 0, repetitionPenalty },
      topLogprobs,
      tokenText: tokenizer.tokenText,
      shouldStop: () => isStopped,
      onToken(_, token) {
        tokens.push(token)
        handedOver = onToken(token)
      },
    })
    const { value } = await answers.next()
    await handedOver
    const generation = value?.generation
    const finishReason = generation?.finishReason ?? 'stopped'
    const ids = [...keptIds, ...tokens.map(token => token.id)]
    const generatedText = answerText(tokenizer.decode, ids, stopIds, stopTexts)
    const isWhole = finishReason === 'stop' || finishReason === 'length'
    return {
      finishReason,
      error: generation?.error ?? null,
      generatedText,
      verdict: isWhole
        ? (await grader).gradeAnswer(generatedText, request.expectedAnswer, request.grading)
        : null,
      tokens,
    }
  },
  /** Ends the branch that is being computed before its next token. */
  stop(): void {
    isStopped = true
  },
}

/** What the page may call, through Comlink. */
export type BranchWorker = typeof workerApi

const tellMs = 50

function modelOpened(): PageModel {
  if (!opened) throw new Error('branch worker: no model is open; open one first')
  return opened
}

expose(workerApi)
