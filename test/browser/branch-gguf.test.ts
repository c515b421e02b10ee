import { copyFileSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { continueInNode } from '../support/continue-in-node.ts'
import { expectSameTokens, poll, savedBranch, statusText, wholeBranch } from './branch-page.ts'
import { type ViewedGgufRun, viewGgufRun } from './view-gguf-run.ts'

const place = 3
const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
const path = join(folder, 'tiny-llama-f32.gguf')

let viewed: ViewedGgufRun

beforeAll(async () => {
  copyFileSync('test/models/gguf/tiny-llama-f32.gguf', path)
  viewed = await viewGgufRun(path, '--dataset', 'datasets/arith-104.jsonl', '--raw', '--max-new-tokens', '24')
})
afterEach(() => {
  expect(viewed.pages.reported).toEqual([])
})
afterAll(async () => {
  await viewed?.close()
  rmSync(folder, { recursive: true })
})

const keptText = (page: Page) => page.locator('.branch-kept').textContent()
const openHere = () => viewed.pages.open(`sample=0.0&token=${place}`, { at: viewed.at })
const link = () => `sample=0.0&branch=${place}:${viewed.recorded.tokens.topIds[place]![1]!}`

/** Has the branch of the link computed in a new page of a context. */
async function computeLink(context: BrowserContext): Promise<Page> {
  viewed.tensorReads()
  const page = await viewed.openLink(context, link())
  await wholeBranch(page)
  return page
}

describe('what if with a model in GGUF', () => {
  it('goes on with the tokens that Node gives, and reads no network for the weights a second time', async () => {
    const page = await openHere()
    const { recorded } = viewed
    const second = recorded.tokens.topIds[place]![1]!
    await page.keyboard.press('i')
    await page.keyboard.press('2')
    await wholeBranch(page)
    expect(viewed.tensorReads()).toBeGreaterThan(5)
    const inNode = await continueInNode(path, recorded, { maxNewTokens: 24, stopIds: [0] })
    const expected = await inNode([...Array.from(recorded.tokens.tokenId).slice(0, place), second])
    const branch = await savedBranch(page)
    expect(branch.tokens[0]).toMatchObject({ id: second, rank: 1 })
    expectSameTokens(branch.tokens.slice(1), expected.tokens)
    expect(await page.textContent('.branch-status')).toContain("The weights are the run's.")
    expect(await keptText(page)).toMatch(/^This browser keeps 0\.45\d MB of models for this page\./)

    const again = await computeLink(page.context())
    expect(viewed.tensorReads()).toBe(0)
    expectSameTokens((await savedBranch(again)).tokens.slice(1), expected.tokens)
    expect(await again.textContent('.branch-status')).toContain("The weights are the run's.")

    // What is removed is read again.
    await again.click('text=Remove')
    await poll(() => again.isVisible('.branch-kept')).toBe(false)
    const fetched = await computeLink(page.context())
    expect(viewed.tensorReads()).toBeGreaterThan(5)

    // Another version of the file is read from its server.
    utimesSync(path, 1, 1)
    await computeLink(page.context())
    expect(viewed.tensorReads()).toBeGreaterThan(5)
    await fetched.context().close()
  })

  it('trusts nothing that was damaged or cut', async () => {
    const page = await viewed.pages.open(link(), { at: viewed.at })
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
    const damaged = await viewed.openLink(page.context(), link())
    await poll(() => statusText(damaged)).toMatch(/kept of tiny-llama-f32 was damaged/)
    viewed.tensorReads()
    await damaged.click('text=Compute the branch')
    await wholeBranch(damaged)
    expect(viewed.tensorReads()).toBeGreaterThan(5)

    for (const [name, how] of [
      ['.bytes', 'truncate(size - 1000)'],
      ['.json', 'truncate(size - 10)'],
    ] as const) {
      await change(name, how)
      await computeLink(page.context())
      expect(viewed.tensorReads()).toBeGreaterThan(5)
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
        const { origin } = new URL(viewed.at.url)
        await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 300_000 })
      },
      "the browser's storage is full;",
    ],
  ])('goes on where nothing can be kept, and says why: %s', async (_, prepare, reason) => {
    const page = await openHere()
    await prepare(page)
    await page.click('.choice:nth-child(2) .choice-if')
    await wholeBranch(page)
    expect(await page.textContent('.branch-status')).toContain(`It is not kept for another time: ${reason}`)
    expect(await page.isVisible('.branch-kept')).toBe(false)
    await page.context().close()
  })

  it('says what is needed where the device has no room', async () => {
    const page = await openHere()
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
