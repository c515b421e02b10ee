import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatRoute, parseRoute, startRoute } from '../state/route.ts'
import { type BranchPath, extendBranchPath, formatBranchPath, parseBranchPath } from './branch-path.ts'

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
  const after = (token: number) => formatBranchPath(extendBranchPath(path, { token, ids: [1] }))
  expect(after(31)).toBe('8:14.20.3/30:7/31:1')
  expect(after(30)).toBe('8:14.20.3/30:1')
  expect(after(12)).toBe('8:14.20.3/12:1')
  expect(after(9)).toBe('8:14/9:1')
  expect(after(8)).toBe('8:1')
  expect(after(2)).toBe('2:1')
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
