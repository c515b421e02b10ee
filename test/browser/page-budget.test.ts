import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { pageFolder } from '../../node-runner/view/page-folder.ts'

/**
 * Compressed JavaScript of the first load, with the worker and the replay but without what typesets and what continues
 * answers.
 */
const budgetBytes = 150_000
/** Compressed JavaScript of the worker that continues answers: kernels, core, grader and tokenizer, loaded with the first "what if". */
const branchBudgetBytes = 145_000

it('loads less than 150 kB of compressed JavaScript at first, and 145 kB more to continue answers', () => {
  const folder = pageFolder(() => {})
  const [, entry] = /<script type="module"[^>]* src="\.\/([^"]+)"/.exec(
    readFileSync(join(folder, 'index.html'), 'utf8'),
  )!
  const pending = [entry!]
  const codes = new Map<string, string>()
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (codes.has(path)) continue
    const code = readFileSync(join(folder, path), 'utf8')
    codes.set(path, code)
    for (const [, name] of code.matchAll(/["'`](?:\.\/|assets\/|\.\/assets\/)?([\w-]+-[\w-]{8}\.js)["'`]/g))
      if (!/katex/i.test(name!)) pending.push(join(dirname(path), name!))
  }
  const sizes = Array.from(codes, ([path, code]) => ({ path, bytes: gzipSync(code).length }))
  const branch = sizes.filter(({ path }) => path.includes('branch-worker'))
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  const branchBytes = branch[0]?.bytes ?? 0
  const list = sizes.map(({ path, bytes }) => `${path} ${bytes}`).join(', ')
  console.log(
    `${total - branchBytes} bytes of ${budgetBytes} at first, ${branchBytes} of ${branchBudgetBytes} to continue answers: ${list}`,
  )
  // The page, its workers and the replay: fewer would mean that not all were found.
  expect(sizes.length).toBeGreaterThanOrEqual(4)
  expect(branch).toHaveLength(1)
  expect(total - branchBytes).toBeLessThan(budgetBytes)
  expect(branchBytes).toBeLessThan(branchBudgetBytes)
})
