import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { pageFolder } from '../../node-runner/view/page-folder.ts'

/** Compressed JavaScript of the first load, with the worker and the replay but without what typesets and what continues answers. */
const budgetBytes = 150_000
/**
 * Compressed JavaScript of the worker that continues answers, loaded with the first "what if": kernels, core, and the tokenizer of a
 * model's folder, or what reads a file in GGUF.
 */
const branchBudgetBytes = 145_000
/** Compressed JavaScript of the grader, which the worker loads while it computes. */
const graderBudgetBytes = 60_000

const assets = join(
  pageFolder(() => {}),
  'assets',
)

/** Names of the page's files that a file's code names by one of the ways in which code is loaded. */
function namedIn(file: string, pattern: RegExp): string[] {
  const code = readFileSync(join(assets, file), 'utf8')
  return Array.from(code.matchAll(pattern), ([, name]) => name!)
}
const atOnce = (file: string) => namedIn(file, /(?:from|import)\s*["'`]\.\/([\w-]+\.js)["'`]/g)
const named = (file: string) =>
  namedIn(file, /["'`](?:\.\/|assets\/|\.\/assets\/)?([\w-]+-[\w-]{8}\.js)["'`]/g)

/** These files and those that they load, by one of those ways, in turn. */
function closure(files: readonly string[], next: (file: string) => string[]): Set<string> {
  const found = new Set(files)
  for (const file of found) for (const name of next(file)) found.add(name)
  return found
}

/** Compressed bytes of files, which are listed. */
function sizeOf(what: string, files: Iterable<string>, budget: number): number {
  const sizes = Array.from(files, file => [file, gzipSync(readFileSync(join(assets, file))).length] as const)
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0)
  console.log(`${total} bytes of ${budget} ${what}: ${sizes.map(size => size.join(' ')).join(', ')}`)
  return total
}

it('loads less than 150 kB of compressed JavaScript at first, and 145 kB more to continue answers', () => {
  const page = readFileSync(join(assets, '..', 'index.html'), 'utf8')
  const [, entry] = /<script type="module"[^>]* src="\.\/assets\/([^"]+)"/.exec(page)!
  const isBranch = (file: string) => file.startsWith('branch-worker')
  const all = closure([entry!], file =>
    isBranch(file) ? [] : named(file).filter(name => !/katex/i.test(name)),
  )
  const [worker] = [...all].filter(isBranch)
  all.delete(worker!)
  // The page, its workers and the replay: fewer would mean that not all were found.
  expect(all.size).toBeGreaterThanOrEqual(3)
  expect(sizeOf('at first', all, budgetBytes)).toBeLessThan(budgetBytes)

  const workers = closure([worker!], atOnce)
  const later = named(worker!).filter(name => !workers.has(name))
  const closureOf = (...chunks: string[]) =>
    closure(
      chunks.map(chunk => later.find(name => name.startsWith(`${chunk}-`))!),
      atOnce,
    )
  const folder = closureOf('tokenizer-files', 'encoder')
  const gguf = closureOf('gguf-model', 'gguf-tokenizer')
  const grader = [...closureOf('grade-answer')].filter(file => !workers.has(file))
  for (const [format, files] of Object.entries({ folder, gguf }))
    expect(
      sizeOf(`to continue answers of a ${format}`, new Set([...workers, ...files]), branchBudgetBytes),
    ).toBeLessThan(branchBudgetBytes)
  expect(sizeOf('to grade them', grader, graderBudgetBytes)).toBeLessThan(graderBudgetBytes)
})
