import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pixelmatch from 'pixelmatch'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { PNG } from 'pngjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pageFolder } from '../../node-runner/view/page-folder.ts'
import { serveView, type ViewServer } from '../../node-runner/view/serve-view.ts'
import { launchChromium } from './launch-chromium.ts'
import { type ComparedRuns, serveComparedRuns } from './serve-compared-runs.ts'

const baselines = fileURLToPath(new URL('baselines/', import.meta.url))
const isUpdate = process.env.ENTRACE_UPDATE_PICTURES === '1'
/** Where pictures go that are unlike their baselines. */
const unlike = join(tmpdir(), 'entrace-unlike-pictures')
/** Some 30 pixels: the rounding of an anti-aliased line; a moved word or a new button is more. */
const allowedShare = 0.00003

const sample = '#/?sample=7.0&token=8'
const phone = { viewport: { width: 390, height: 844 } }
const pictures: [name: string, hash: string, ready: string, options?: BrowserContextOptions][] = [
  ['overview', '', '.table-row'],
  ['overview-dark', '', '.table-row', { colorScheme: 'dark' }],
  ['overview-phone', '', '.table-row', phone],
  ['replay', sample, '.token-panel.is-locked'],
  ['replay-dark', sample, '.token-panel.is-locked', { colorScheme: 'dark' }],
  ['branch', `${sample}&branch=8:22`, '.branch-line[aria-current] .verdict-correct'],
  ['replay-phone', sample, '.token-panel.is-locked', phone],
  ['compare', '#/?sample=0.0&with=1,2', '.place-facts'],
  ['compare-dark', '#/?sample=0.0&with=1,@0&against=run-2/', '.place-facts', { colorScheme: 'dark' }],
  ['compare-phone', '#/?sample=0.0&with=1', '.place-facts', phone],
]

let browser: Browser
let server: ViewServer
/** Of runs with several answers to a problem. */
let comparing: ComparedRuns
beforeAll(async () => {
  server = await serveView(
    pageFolder(() => {}),
    'web/public/demo',
    0,
    [],
    { path: 'models/arith-qwen2', name: 'arith-qwen2' },
  )
  comparing = await serveComparedRuns()
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  await comparing?.close()
})

const other = process.env.ENTRACE_TEST_CHROMIUM
const note = other ? `: skipped, since the pictures are of @sparticuz/chromium and not of ${other}` : ''
describe.skipIf(other)(`the page looks as it did${note}`, () => {
  it.each(pictures)('%s', async (name, hash, ready, options) => {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      ...options,
    })
    const page = await context.newPage()
    await page.goto((name.startsWith('compare') ? comparing : server).url + hash)
    await page.locator(ready).first().waitFor()
    // Figures and paragraphs settle in the frames after.
    let picture = await page.screenshot()
    for (;;) {
      const last = picture
      await new Promise(resolve => setTimeout(resolve, 150))
      picture = await page.screenshot()
      if (picture.equals(last)) break
    }
    await context.close()

    const path = join(baselines, `${name}.png`)
    if (isUpdate) return writeFileSync(path, picture)
    if (!existsSync(path)) throw new Error(`${path} is missing; make it with ENTRACE_UPDATE_PICTURES=1`)
    const share = differingShare(readFileSync(path), picture)
    if (share <= allowedShare) return
    mkdirSync(unlike, { recursive: true })
    const found = join(unlike, `${name}.png`)
    writeFileSync(found, picture)
    expect.fail(
      `${(share * 100).toFixed(3)} % of the pixels of ${found} differ from ${path}; look at both, ` +
        'and if the change is meant, run again with ENTRACE_UPDATE_PICTURES=1',
    )
  })
})

/** Share of the pixels that differ visibly; 1 where the sizes differ. */
function differingShare(one: Buffer, other: Buffer): number {
  const [a, b] = [PNG.sync.read(one), PNG.sync.read(other)]
  const { width, height } = a
  if (width !== b.width || height !== b.height) return 1
  return pixelmatch(a.data, b.data, undefined, width, height) / (width * height)
}
