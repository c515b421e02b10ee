import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tokenColumns } from '../../core/record/token.ts'
import { traceSample, traceToken } from '../../test/support/trace-sample.ts'
import type { OpenedSample } from '../data/open-run.ts'
import { formatRoute, parseRoute, startRoute } from '../state/route.ts'
import {
  addBranch,
  type BranchPath,
  type BranchTree,
  endBranch,
  extendBranchPath,
  formatBranchPath,
  parseBranchPath,
  sampleAt,
  treeLines,
} from './branch-tree.ts'

describe('the path of a branch', () => {
  /** Paths whose choices go further and further on. */
  const paths = fc
    .array(
      fc.record({
        gap: fc.nat(40),
        ids: fc.array(fc.nat(200_000), { minLength: 1, maxLength: 4 }),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map(steps => {
      let token = 0
      return steps.map(({ gap, ids }) => {
        const choice = { token: token + gap, ids }
        token = choice.token + ids.length
        return choice
      })
    })

  it('reads what it writes, through the address of a page', () => {
    fc.assert(
      fc.property(paths, path => {
        const branch = formatBranchPath(path)
        expect(parseBranchPath(branch!)).toEqual(path)
        const hash = formatRoute({ ...startRoute, branch })
        expect(hash).toBe(`#/?branch=${branch}`)
        expect(parseRoute({ hash, search: '' }).branch).toBe(branch)
      }),
    )
  })

  it.each(['', '8', '8:', ':8', '8:1.', 'a:1', '8:1/', '8:1/8:2', '8:1.2/9:3', '-1:2', '8:1 /9:2', '1:1e3'])(
    'takes %j for no path',
    text => expect(parseBranchPath(text)).toBeNull(),
  )

  it('names the recorded answer by nothing', () => expect(formatBranchPath([])).toBeNull())

  it('extends a path, and goes back to where an earlier choice is undone', () => {
    const path: BranchPath = [
      { token: 8, ids: [14, 20, 3] },
      { token: 30, ids: [7] },
    ]
    const branchAfter = (token: number) => formatBranchPath(extendBranchPath(path, { token, ids: [1] }))
    expect(branchAfter(31)).toBe('8:14.20.3/30:7/31:1')
    expect(branchAfter(30)).toBe('8:14.20.3/30:1')
    expect(branchAfter(12)).toBe('8:14.20.3/12:1')
    expect(branchAfter(9)).toBe('8:14/9:1')
    expect(branchAfter(8)).toBe('8:1')
    expect(branchAfter(2)).toBe('2:1')
  })

  it('makes paths that can be read, of any choice in any path', () => {
    fc.assert(
      fc.property(paths, fc.nat(200), fc.nat(500), (path, token, id) => {
        const extended = extendBranchPath(path, { token, ids: [id] })
        expect(parseBranchPath(formatBranchPath(extended)!)).toEqual(extended)
        expect(extended.at(-1)).toEqual({ token, ids: [id] })
      }),
    )
  })
})

describe('the tree of branches', () => {
  const { tokens, ...record } = traceSample(3, 12)
  const root: OpenedSample = { ...record, row: 0, level: null, tokens: tokenColumns(tokens) }

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
    expect(sample.tokens).toEqual(tokenColumns([...tokens.slice(0, 4), ...own]))
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
})
