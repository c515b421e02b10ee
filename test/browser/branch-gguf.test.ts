import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { copyFileSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openGguf } from '../../core/files/gguf.ts'
import { openTraces, type TraceSample } from '../../core/record/traces.ts'
import { openFileByteSource } from '../../node-runner/files/file-byte-source.ts'
import { serveView, type ViewServer } from '../../node-runner/view/serve-view.ts'
import { continueInNode } from '../support/continue-in-node.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { expectSameTokens, poll, savedBranch, statusText, wholeBranch } from './branch-page.ts'
import { type BranchPages, openBranchPages } from './open-branch-pages.ts'

const place = 3
const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
const path = join(folder, 'tiny-llama-f32.gguf')
const run = join(folder, 'run')

let pages: BranchPages
let at: ViewServer
let recorded: TraceSample
let headerBytes: number
/** Where the tensors' data begin in ranges that were asked of the file, in the order in which the server was asked. */
let tensorReads: number[] = []

const countReads = (message: unknown) => {
  const { url = '', headers } = (message as { request: IncomingMessage }).request
  const [, start] = /^bytes=(\d+)-/.exec(headers.range ?? '') ?? []
  if (url.endsWith('.gguf') && Number(start) >= headerBytes) tensorReads.push(Number(start))
}

beforeAll(async () => {
  copyFileSync('test/models/gguf/tiny-llama-f32.gguf', path)
  const { exitCode, stderr } = await runEntrace([
    ...['eval', '--model', path, '--dataset', 'datasets/arith-104.jsonl', '--limit', '1', '--raw'],
    ...['--max-new-tokens', '24', '--out', run, '--quiet'],
  ])
  expect(exitCode, stderr).toBe(0)
  const traces = await openFileByteSource(join(run, 'traces.parquet'))
  recorded = await (await openTraces(traces)).read(0)
  await traces.close()
  const file = await openFileByteSource(path)
  headerBytes = (await openGguf(file)).headerBytes
  await file.close()
  pages = await openBranchPages()
  at = await serveView(pages.pageFiles, run, 0, [], { path, name: 'tiny-llama-f32' })
  subscribe('http.server.request.start', countReads)
})
afterEach(() => {
  expect(pages.reported).toEqual([])
})
afterAll(async () => {
  unsubscribe('http.server.request.start', countReads)
  await at?.close()
  await pages?.close()
  rmSync(folder, { recursive: true, force: true })
})

const keptText = (page: Page) => page.locator('.branch-kept').textContent()
const link = () => `sample=0.0&branch=${place}:${recorded.tokens.topIds[place]![1]!}`

/** Opens the page anew in a context, has the branch of the link computed, and gives the page. */
async function computeLink(context: BrowserContext): Promise<Page> {
  tensorReads = []
  const page = await context.newPage()
  await page.goto(`${at.url}#/?${link()}`)
  await wholeBranch(page)
  return page
}

describe('what if with a model in GGUF', () => {
  it('goes on with the tokens that Node gives, and reads no network for the weights a second time', async () => {
    const page = await pages.open(`sample=0.0&token=${place}`, { at })
    const second = recorded.tokens.topIds[place]![1]!
    await page.keyboard.press('i')
    await page.keyboard.press('2')
    await wholeBranch(page)
    expect(tensorReads.length).toBeGreaterThan(5)
    const inNode = await continueInNode(path, recorded, { maxNewTokens: 24, stopIds: [0] })
    const expected = await inNode([...Array.from(recorded.tokens.tokenId).slice(0, place), second])
    const branch = await savedBranch(page)
    expect(branch.tokens[0]).toMatchObject({ id: second, rank: 1 })
    expectSameTokens(branch.tokens.slice(1), expected.tokens)
    expect(await page.textContent('.branch-status')).toContain("The weights are the run's.")
    expect(await keptText(page)).toMatch(/^This browser keeps 0\.45\d MB of models for this page\./)

    const again = await computeLink(page.context())
    expect(tensorReads).toEqual([])
    expectSameTokens((await savedBranch(again)).tokens.slice(1), expected.tokens)
    expect(await again.textContent('.branch-status')).toContain("The weights are the run's.")

    // What is removed is read again.
    await again.click('text=Remove')
    await poll(() => again.isVisible('.branch-kept')).toBe(false)
    const fetched = await computeLink(page.context())
    expect(tensorReads.length).toBeGreaterThan(5)

    // Another version of the file is read from its server.
    utimesSync(path, 1, 1)
    await computeLink(page.context())
    expect(tensorReads.length).toBeGreaterThan(5)
    await fetched.context().close()
  })

  it('trusts nothing that was damaged or cut', async () => {
    const page = await pages.open(link(), { at })
    await wholeBranch(page)
    const change = (name: string, change: string) =>
      page.evaluate(`(async () => {
        const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models')
        for await (const file of folder.values()) {
          if (!file.name.endsWith('${name}')) continue
          const writer = await file.createWritable({ keepExistingData: true })
          const { size } = await file.getFile()
          await writer.${change}
          await writer.close()
        }
      })()`)
    await change('.bytes', 'write({ type: "write", position: size - 4, data: new Uint8Array(4).fill(1) })')
    const damaged = await page.context().newPage()
    await damaged.goto(`${at.url}#/?${link()}`)
    await poll(() => statusText(damaged)).toMatch(/kept of tiny-llama-f32 was damaged/)
    tensorReads = []
    await damaged.click('text=Compute the branch')
    await wholeBranch(damaged)
    expect(tensorReads.length).toBeGreaterThan(5)

    for (const [name, how] of [
      ['.bytes', 'truncate(size - 1000)'],
      ['.json', 'truncate(size - 10)'],
    ] as const) {
      await change(name, how)
      await computeLink(page.context())
      expect(tensorReads.length).toBeGreaterThan(5)
    }
    await page.context().close()
  })

  it.each([
    [
      'a browser that gives too little',
      async (page: Page) => {
        await page.context().route('**/branch-worker-*.js', async route => {
          const response = await route.fetch()
          const little = 'navigator.storage.estimate = async () => ({ quota: 300_000, usage: 10_000 });'
          await route.fulfill({ response, body: little + (await response.text()) })
        })
      },
      "it needs 0.457 MB of the browser's storage, of which this page has 0.26 MB;",
    ],
    [
      'a full disk',
      async (page: Page) => {
        const session = await page.context().newCDPSession(page)
        const { origin } = new URL(at.url)
        await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 300_000 })
      },
      "the browser's storage is full;",
    ],
  ])('goes on where nothing can be kept, and says why: %s', async (_, prepare, reason) => {
    const page = await pages.open(`sample=0.0&token=${place}`, { at })
    await prepare(page)
    await page.click('.choice:nth-child(2) .choice-if')
    await wholeBranch(page)
    expect(await page.textContent('.branch-status')).toContain(`It is not kept for another time: ${reason}`)
    expect(await page.isVisible('.branch-kept')).toBe(false)
    await page.context().close()
  })

  it('says what is needed where the device has no room', async () => {
    const page = await pages.open(`sample=0.0&token=${place}`, { at })
    const starting = page.waitForEvent('worker', worker => worker.url().includes('branch-worker'))
    await page.keyboard.press('i')
    await page.keyboard.press('Tab')
    await page.keyboard.type('7')
    const worker = await starting
    await worker.evaluate('GPUDevice.prototype.popErrorScope = async () => ({ message: "no room" })')
    await page.click('.choice:nth-child(2) .choice-if')
    await poll(() => statusText(page)).toMatch(
      /tiny-llama-f32 needs about [\d.]+ MB of the GPU's memory, which is not there: buffer .* has no room for \d+ bytes .*Take a smaller model/,
    )
    await page.context().close()
  })
})
