import type { TokenRecord } from '../../core/generate/token-record.ts'
import type { OpenedSample } from '../data/opened-sample.ts'
import { columnsOfRecords, spliceColumns } from '../data/token-columns.ts'
import { type BranchPath, formatBranchPath } from './branch-path.ts'
import type { BranchEnd } from './branch-worker.ts'

/** An answer that goes another way than the recorded one. */
export interface Branch {
  path: BranchPath
  /** The path as a route has it. */
  name: string
  /** Its first own token: the first that the reader chose. */
  from: number
  state: 'waiting' | 'running' | 'stopped' | 'ended'
  /** Its own tokens as far as they are there, the chosen ones first. */
  tokens: TokenRecord[]
  /** The whole answer, once it has ended or was stopped. */
  sample: OpenedSample | null
}

/** The branches of one answer. */
export interface BranchTree {
  /** The recorded answer. */
  root: OpenedSample
  /** By their names, in the order in which they were asked for. */
  branches: Map<string, Branch>
}

/** Adds a branch that is yet to be computed. */
export function addBranch(tree: BranchTree, path: BranchPath): Branch {
  const branch: Branch = {
    path,
    name: formatBranchPath(path) ?? '',
    from: path.at(-1)?.token ?? 0,
    state: 'waiting',
    tokens: [],
    sample: null,
  }
  tree.branches.set(branch.name, branch)
  return branch
}

/** The branch at the end of a path; null where it is not there, and of the recorded answer. */
export function branchAt({ branches }: BranchTree, path: BranchPath): Branch | null {
  return branches.get(formatBranchPath(path) ?? '') ?? null
}

/** The whole answer at the end of a path; null where it is not there. */
export function sampleAt(tree: BranchTree, path: BranchPath): OpenedSample | null {
  return path.length === 0 ? tree.root : (branchAt(tree, path)?.sample ?? null)
}

/** The branches as lines of a tree, each after the answer it comes from: siblings by the token at which they part. */
export function treeLines(tree: BranchTree): { branch: Branch; depth: number }[] {
  const childrenOf = (parent: string | null, depth: number): { branch: Branch; depth: number }[] =>
    [...tree.branches.values()]
      .filter(({ path }) => formatBranchPath(path.slice(0, -1)) === parent)
      .sort((a, b) => a.from - b.from)
      .flatMap(branch => [{ branch, depth }, ...childrenOf(branch.name, depth + 1)])
  return childrenOf(null, 1)
}

/** Makes a branch whole: what it kept of the answer that it comes from, and its own tokens. */
export function endBranch(parent: OpenedSample, branch: Branch, end: BranchEnd): void {
  branch.state = end.finishReason === 'stopped' ? 'stopped' : 'ended'
  branch.tokens = end.tokens
  branch.sample = {
    ...parent,
    generatedText: end.generatedText,
    error: end.error,
    tokens: spliceColumns(parent.tokens, branch.from, columnsOfRecords(end.tokens)),
    correct: end.verdict?.equal ?? false,
    rule: end.verdict?.rule ?? end.error ?? 'not graded',
    finishReason: end.finishReason,
    extractedAnswer: end.verdict?.extracted ?? null,
    generatedTokens: branch.from + end.tokens.length,
    // Of its own tokens alone something was measured, so that there is no pace of the whole.
    durationMs: 0,
  }
}
