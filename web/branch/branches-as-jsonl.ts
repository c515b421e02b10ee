import { formatVersion } from '../../core/formats/sample-record.ts'
import type { BranchModel } from './branch-status.ts'
import { type BranchTree, treeLines } from './branch-tree.ts'

/**
 * The branches of an answer, a line each, with the fields of `samples.jsonl`: `tokens` are the branch's own, from token
 * `from` of the answer on; those before are the answer's that it comes from, whose path is `branch` without its last part.
 */
export function branchesAsJsonl({ root, branches }: BranchTree, model: BranchModel | null): string {
  const lines = treeLines({ root, branches }).flatMap(({ branch: { name, from, tokens, sample } }) => {
    if (!sample) return []
    const { generatedText, extractedAnswer, expectedAnswer, correct, rule, finishReason } = sample
    const line = {
      formatVersion,
      model,
      problemId: root.problemId,
      problemIndex: root.problemIndex,
      sampleIndex: root.sampleIndex,
      branch: name,
      from,
      generatedText,
      extractedAnswer,
      expectedAnswer,
      correct: finishReason === 'stopped' ? null : correct,
      rule,
      finishReason,
      tokens,
    }
    return `${JSON.stringify(line)}\n`
  })
  return lines.join('')
}
