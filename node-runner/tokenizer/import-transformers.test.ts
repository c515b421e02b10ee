import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** Prints what a process has loaded after tokenizing, and again after it asked for sharp itself. */
const script = `
import { createRequire, registerHooks } from 'node:module'
const urls = []
registerHooks({ load(url, context, nextLoad) { urls.push(url); return nextLoad(url, context) } })
function loaded() {
  const { sharedObjects } = process.report.getReport()
  return [...urls, ...Object.keys(createRequire(import.meta.url).cache), ...sharedObjects]
}
const { loadTokenizer } = await import('./node-runner/tokenizer/load-tokenizer.ts')
const beforeLoading = loaded()
const tokenizer = await loadTokenizer('models/arith-qwen2')
const ids = tokenizer.encode('7 apples')
const afterLoading = loaded()
await import('sharp').catch(() => {})
console.log(JSON.stringify({ ids, beforeLoading, afterLoading, afterSharp: loaded() }))
`

test('a process that tokenizes loads no inference runtime', async () => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: root })
  const report = JSON.parse(stdout) as Record<string, string[]>
  const matches = (key: string, pattern: RegExp) => report[key]!.filter(path => pattern.test(path))
  const runtimes = /onnxruntime|sharp|libvips/

  expect(report.ids!.length).toBeGreaterThan(0)
  expect(matches('beforeLoading', /@huggingface/)).toEqual([])
  expect(matches('afterLoading', /@huggingface\/transformers/)).not.toEqual([])
  expect(matches('afterLoading', /unused-runtime/)).not.toEqual([])
  expect(matches('afterLoading', runtimes)).toEqual([])
  // The stand-in ends with the import: whoever asks for the real package gets it, and the lists above would show it.
  expect(matches('afterSharp', runtimes)).not.toEqual([])
})
