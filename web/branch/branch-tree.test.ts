import { expect, it } from 'vitest'
import { traceSample, traceToken } from '../../test/support/trace-sample.ts'
import type { OpenedSample } from '../data/opened-sample.ts'
import { columnsOfRecords } from '../data/token-columns.ts'
import { parseBranchPath } from './branch-path.ts'
import { addBranch, type BranchTree, endBranch, sampleAt, treeLines } from './branch-tree.ts'

const { tokens, ...record } = traceSample(3, 12)
const root: OpenedSample = { ...record, row: 0, level: null, tokens: columnsOfRecords(tokens) }

function treeOf(...names: string[]): BranchTree {
  const tree: BranchTree = { root, branches: new Map() }
  for (const name of names) addBranch(tree, parseBranchPath(name)!)
  return tree
}

it('lists branches after what they come from, siblings by the token at which they part', () => {
  const tree = treeOf('8:1', '2:5', '2:5/6:1', '2:7', '2:5/3:1', '2:5/3:1/9:9')
  expect(treeLines(tree).map(({ branch, depth }) => `${depth} ${branch.name}`)).toEqual([
    '1 2:5',
    '2 2:5/3:1',
    '3 2:5/3:1/9:9',
    '2 2:5/6:1',
    '1 2:7',
    '1 8:1',
  ])
})

it('makes a whole answer of what a branch keeps and its own tokens', () => {
  const tree = treeOf('4:900')
  const branch = tree.branches.get('4:900')!
  expect(sampleAt(tree, branch.path)).toBeNull()
  expect(sampleAt(tree, [])).toBe(root)
  const own = [traceToken(900), traceToken(901)]
  endBranch(root, branch, {
    finishReason: 'stop',
    error: null,
    generatedText: 'another',
    verdict: { extracted: '5', equal: false, rule: 'a rule' },
    tokens: own,
  })
  const sample = sampleAt(tree, branch.path)!
  expect(sample.tokens).toEqual(columnsOfRecords([...tokens.slice(0, 4), ...own]))
  expect(sample).toMatchObject({
    generatedText: 'another',
    extractedAnswer: '5',
    expectedAnswer: root.expectedAnswer,
    correct: false,
    rule: 'a rule',
    finishReason: 'stop',
    generatedTokens: 6,
    problem: root.problem,
  })
  expect(root.tokens.tokenId).toHaveLength(12)
  expect(branch.state).toBe('ended')
})

it('gives an answer that was stopped no verdict', () => {
  const tree = treeOf('4:900')
  const branch = tree.branches.get('4:900')!
  const end = { finishReason: 'stopped', error: null, generatedText: '', verdict: null } as const
  endBranch(root, branch, { ...end, tokens: [traceToken(900)] })
  expect(branch.state).toBe('stopped')
  expect(branch.sample).toMatchObject({ finishReason: 'stopped', extractedAnswer: null, correct: false })
})
