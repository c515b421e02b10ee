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
import { type BranchStatus, createModelKeeper } from './model-keeper.ts'

export type BranchSession = ReturnType<typeof createBranchSession>

/**
 * The branches of a run's answers, for as long as the run is open, and the model that makes them: none yet. Nothing is loaded
 * before it is asked for.
 */
export function createBranchSession(run: OpenRun) {
  const keeper = createModelKeeper(run, setStatus)
  const trees = new Map<string, BranchTree>()
  const listeners = new Set<() => void>()
  let status: BranchStatus = { kind: 'idle' }
  let queue: Promise<void> = Promise.resolve()
  /** Counts stops: what was asked for before one is not begun after it. */
  let stops = 0
  void keeper.countKept().then(tell)

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
    /** The model that is loaded; null before one is. */
    get model() {
      return keeper.model
    },
    /** Bytes of models that this browser keeps for the page. */
    get keptBytes() {
      return keeper.keptBytes
    },
    /** Removes them; says so where that cannot be. Never rejects. */
    async removeKept(): Promise<void> {
      try {
        await keeper.removeKept()
        tell()
      } catch (error) {
        setStatus({ kind: 'failed', text: messageOf(error) })
      }
    },
    treeOf(sample: OpenedSample): BranchTree {
      const name = sampleName(sample.problemIndex, sample.sampleIndex)
      const tree = trees.get(name) ?? { root: sample, branches: new Map() }
      trees.set(name, tree)
      return tree
    },
    /**
     * Has a branch, and those it comes from, in the tree: computes what is missing, one after another, and the branch itself
     * again where it was stopped. Never rejects.
     */
    compute(tree: BranchTree, path: BranchPath): Promise<void> {
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
    /** Says that something cannot be done. */
    fail: (text: string) => setStatus({ kind: 'failed', text }),
    /** Whether to load a model that is large: what `asking` waits for. */
    answer: keeper.answer,
    encode: async (text: string) => (await keeper.open()).encode(text),
    textsOf: async (ids: readonly number[]) => (await keeper.open()).textsOf(ids),
    /** Ends what is being computed, and drops what waits. */
    stop() {
      stops++
      // Who leaves an answer leaves what failed with it.
      if (status.kind === 'failed') status = { kind: 'idle' }
      keeper.stop()
    },
    /** Calls the listener after every change of status and of branches. Returns what ends that. */
    subscribe(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      stops++
      keeper.close()
    },
  }
}
