import { formatVersion } from '../../core/record/run-files.ts'
import { spliceColumns, type TokenRecord, tokenColumns } from '../../core/record/token.ts'
import type { OpenedSample } from '../data/open-run.ts'
import type { BranchEnd } from './branch-worker.ts'
import type { BranchModel } from './model-keeper.ts'

/** A choice of the reader: from `token` of the answer on, these ids in place of what was there. */
export interface BranchChoice {
  /** From 0. */
  token: number
  ids: readonly number[]
}

/**
 * How a branch comes from the recorded answer: each choice changes the answer that those before it led to, further on
 * than they did.
 */
export type BranchPath = readonly BranchChoice[]

// "8:14" is id 14 at token 8, "8:14.20/30:7" ids 14 and 20 at token 8 and, in what follows, id 7 at token 30.
const choicePattern = /^(\d{1,9}):(\d{1,9}(?:\.\d{1,9})*)$/

/** Reads a route's `branch`; null for what is none. */
export function parseBranchPath(text: string): BranchPath | null {
  const path: BranchChoice[] = []
  let firstFree = 0
  for (const part of text.split('/')) {
    const [, token, ids] = choicePattern.exec(part) ?? []
    if (token === undefined || ids === undefined || Number(token) < firstFree) return null
    const choice = { token: Number(token), ids: ids.split('.').map(Number) }
    path.push(choice)
    firstFree = choice.token + choice.ids.length
  }
  return path
}

/** The `branch` of a route; no choice is the recorded answer, which has none. */
export function formatBranchPath(path: BranchPath): string | null {
  if (path.length === 0) return null
  return path.map(({ token, ids }) => `${token}:${ids.join('.')}`).join('/')
}

/**
 * The path of a choice in the answer of a path: what it makes undone of earlier choices goes, so that a choice before an
 * earlier one leads from the answer that both have up to there.
 */
export function extendBranchPath(path: BranchPath, choice: BranchChoice): BranchPath {
  const kept = path
    .filter(({ token }) => token < choice.token)
    .map(({ token, ids }) => ({ token, ids: ids.slice(0, choice.token - token) }))
  return [...kept, choice]
}

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
    tokens: spliceColumns(parent.tokens, branch.from, tokenColumns(end.tokens)),
    correct: end.verdict?.equal ?? false,
    rule: end.verdict?.rule ?? end.error ?? 'not graded',
    finishReason: end.finishReason,
    extractedAnswer: end.verdict?.extracted ?? null,
    generatedTokens: branch.from + end.tokens.length,
    // Of its own tokens alone something was measured, so that there is no pace of the whole.
    durationMs: 0,
  }
}

/**
 * The branches of an answer, a line each, with the fields of `samples.jsonl`: `tokens` are the branch's own, from token
 * `from` of the answer on; those before are the answer's that it comes from, whose path is `branch` without its last part.
 */
export function branchesAsJsonl({ root, branches }: BranchTree, model: BranchModel | null): string {
  const { problemId, problemIndex, sampleIndex } = root
  const lines = treeLines({ root, branches }).flatMap(({ branch: { name, from, tokens, sample } }) => {
    if (!sample) return []
    const { generatedText, extractedAnswer, expectedAnswer, rule, finishReason } = sample
    const correct = finishReason === 'stopped' ? null : sample.correct
    const line = {
      ...{ formatVersion, model, problemId, problemIndex, sampleIndex, branch: name, from, generatedText },
      ...{ extractedAnswer, expectedAnswer, correct, rule, finishReason, tokens },
    }
    return `${JSON.stringify(line)}\n`
  })
  return lines.join('')
}
