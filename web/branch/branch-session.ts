import { defaultGradingRules } from '../../core/grade/grading-rules.ts'
import type { OpenedSample, OpenRun } from '../data/open-run.ts'
import { messageOf } from '../dom.ts'
import { sampleName } from '../state/route.ts'
import { branchSettings } from './branch-settings.ts'
import {
  addBranch,
  type BranchPath,
  type BranchTree,
  branchAt,
  endBranch,
  formatBranchPath,
  sampleAt,
} from './branch-tree.ts'
import { type BranchModel, type BranchStatus, createModelKeeper, type TextToken } from './model-keeper.ts'

/** The branches of a run's answers, for as long as the run is open, and the model that makes them. */
export interface BranchSession {
  readonly status: BranchStatus
  /** The model that is loaded; null before one is. */
  readonly model: BranchModel | null
  treeOf(sample: OpenedSample): BranchTree
  /**
   * Has a branch, and those it comes from, in the tree: computes what is missing, one after another, and the branch itself
   * again where it was stopped. Never rejects.
   */
  compute(tree: BranchTree, path: BranchPath): Promise<void>
  /** Says that something cannot be done. */
  fail(text: string): void
  /** Whether to load a model that is large: what `asking` waits for. */
  answer(isWanted: boolean): void
  /** The tokens of a text. */
  encode(text: string): Promise<TextToken[]>
  textsOf(ids: readonly number[]): Promise<string[]>
  /** Ends what is being computed, and drops what waits. */
  stop(): void
  /** Calls the listener after every change of status and of branches. Returns what ends that. */
  subscribe(listener: () => void): () => void
  close(): void
}

/** Branches of a run, none yet. Nothing is loaded before it is asked for. */
export function createBranchSession(run: OpenRun): BranchSession {
  const keeper = createModelKeeper(run, setStatus)
  const trees = new Map<string, BranchTree>()
  const listeners = new Set<() => void>()
  let status: BranchStatus = { kind: 'idle' }
  let queue: Promise<void> = Promise.resolve()
  /** Counts stops: what was asked for before one is not begun after it. */
  let stops = 0

  function tell(): void {
    for (const listener of [...listeners]) listener()
  }

  function setStatus(next: BranchStatus): void {
    status = next
    tell()
  }

  async function computeOne(tree: BranchTree, path: BranchPath, asked: number): Promise<void> {
    const parent = sampleAt(tree, path.slice(0, -1))
    const { token, ids } = path.at(-1)!
    const count = parent?.tokens.tokenId.length ?? 0
    if (!parent || token > count)
      throw new Error(
        `The branch ${formatBranchPath(path)} parts from an answer at token ${token + 1}, but that answer has ${count} ` +
          'tokens; check the link',
      )
    const stopped = branchAt(tree, path)
    const branch = addBranch(tree, path)
    const isWanted = () => asked === stops
    try {
      const engine = await keeper.load(isWanted)
      if (!engine || !isWanted()) return
      branch.state = 'running'
      setStatus({ kind: 'working', text: 'Computing' })
      const { maxNewTokens, ...settings } = branchSettings(run)
      const running = engine.run(
        {
          ...settings,
          prompt: parent.prompt,
          problem: parent.problem,
          promptTokens: parent.promptTokens,
          keptIds: Array.from(parent.tokens.tokenId).slice(0, token),
          forcedIds: ids,
          // One that parts at the very end has a token all the same.
          maxNewTokens: Math.max(maxNewTokens, token + 1),
          expectedAnswer: parent.expectedAnswer,
          grading: run.facts?.grading ?? defaultGradingRules,
        },
        record => {
          branch.tokens.push(record)
          tell()
        },
      )
      const end = await keeper.trust(running)
      if (end.finishReason === 'error') throw new Error(end.error ?? 'The model failed')
      if (end.tokens.length > 0) endBranch(parent, branch, end)
    } finally {
      // Nothing without a sample stays.
      if (!branch.sample && stopped) tree.branches.set(branch.name, stopped)
      else if (!branch.sample) tree.branches.delete(branch.name)
    }
  }

  return {
    get status() {
      return status
    },
    get model() {
      return keeper.model
    },
    treeOf(sample) {
      const name = sampleName(sample.problemIndex, sample.sampleIndex)
      const tree = trees.get(name) ?? { root: sample, branches: new Map() }
      trees.set(name, tree)
      return tree
    },
    compute(tree, path) {
      const asked = stops
      queue = queue.then(async () => {
        try {
          for (let length = 1; length <= path.length && asked === stops; length++) {
            const part = path.slice(0, length)
            const isCutShort = length === path.length && branchAt(tree, part)?.state === 'stopped'
            if (isCutShort || !sampleAt(tree, part)) await computeOne(tree, part, asked)
          }
          setStatus({ kind: 'idle' })
        } catch (error) {
          const text = messageOf(error)
          // What was stopped did not fail.
          setStatus(asked === stops ? { kind: 'failed', text } : { kind: 'idle' })
        }
      })
      return queue
    },
    fail: text => setStatus({ kind: 'failed', text }),
    answer: keeper.answer,
    encode: async text => (await keeper.open()).encode(text),
    textsOf: async ids => (await keeper.open()).textsOf(ids),
    stop() {
      stops++
      // Who leaves an answer leaves what failed with it.
      if (status.kind === 'failed') status = { kind: 'idle' }
      keeper.stop()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      stops++
      keeper.close()
    },
  }
}
