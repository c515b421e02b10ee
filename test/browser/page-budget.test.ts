import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { pageFolder } from '../../node-runner/view/page-folder.ts'

/** Compressed JavaScript of the first load, with the worker and the replay but without what typesets and the model. */
const budgetBytes = 150_000

it('loads less than 150 kB of compressed JavaScript at first', () => {
  const folder = pageFolder(() => {})
  const [, entry] = /<script type="module"[^>]* src="\.\/([^"]+)"/.exec(
    readFileSync(join(folder, 'index.html'), 'utf8'),
  )!
  const pending = [entry!]
  const sizes = new Map<string, number>()
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (sizes.has(path)) continue
    const code = readFileSync(join(folder, path), 'utf8')
    sizes.set(path, gzipSync(code).length)
    for (const [, name] of code.matchAll(/["'`](?:\.\/|assets\/|\.\/assets\/)?([\w-]+-[\w-]{8}\.js)["'`]/g))
      if (!/katex/i.test(name!)) pending.push(join(dirname(path), name!))
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  console.log(`${total} bytes of ${budgetBytes}: ${[...sizes].map(entry => entry.join(' ')).join(', ')}`)
  // The page, its worker and the replay: fewer would mean that not all were found.
  expect(sizes.size).toBeGreaterThanOrEqual(3)
  expect(total).toBeLessThan(budgetBytes)
})
