import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeResults } from '../../node-runner/run/write-results.ts'
import { pageFolder } from '../../node-runner/view/page-folder.ts'
import { serveView, type ViewServer } from '../../node-runner/view/serve-view.ts'
import { traceSample } from '../support/trace-sample.ts'
import { writeRun } from '../support/write-run.ts'
import { launchChromium, patienceMs } from './launch-chromium.ts'

const nest = (open: string, close: string, depth: number) => `${open.repeat(depth)}x${close.repeat(depth)}`
const kept = {
  'a formula too deep': nest('\\frac{', '}{1}', 300),
  'groups without braces': nest('\\bgroup\\sqrt', '\\egroup', 200),
  'a table too wide': `\\begin{matrix}${'&'.repeat(3900)}\\end{matrix}`,
  'a diagram too wide': `\\begin{CD}${'@>>>'.repeat(950)}\\end{CD}`,
  'macros that grow': `\\def\\a{${'x'.repeat(3000)}}${'\\a'.repeat(450)}`,
  'switches in one another': '\\rm x'.repeat(700),
}
const answers = [
  Object.values(kept)
    .map(formula => `\\[${formula}\\]`)
    .join('\n\n')
    .concat('\n\nso \\(\\frac{1}{2}\\)'),
  // Twice what a page holds.
  Array.from({ length: 10 }, () => `$$${'\\int_0^1'.repeat(490)}$$`).join('\n\n'),
  'It is \\boxed{1}.',
]
const hostileReport = `<!doctype html><title>the report</title><style>h1 { color: rgb(1, 2, 3) }</style><h1>of a stranger</h1>
<script>document.title = 'ran'</script><img src="x" onerror="document.title = 'ran'">
<svg onload="document.title = 'ran'"></svg><iframe src="javascript:parent.document.title = 'ran'"></iframe>
<meta http-equiv="refresh" content="0; url=/"><script src="/run/samples.jsonl"></script>
<form action="/" id="form"><button autofocus>Send</button></form>`

// Other tests take the processor, too.

const folder = mkdtempSync(join(tmpdir(), 'entrace-sent-'))
let browser: Browser
let server: ViewServer
beforeAll(async () => {
  const samples = answers.map((generatedText, index) => traceSample(index, 3, { generatedText }))
  writeResults(folder, writeRun(folder, samples), samples)
  writeFileSync(join(folder, 'report.html'), hostileReport)
  server = await serveView(
    pageFolder(() => {}),
    folder,
  )
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  rmSync(folder, { recursive: true })
})

async function openTypeset(context: BrowserContext, sample: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${server.url}#/?sample=${sample}`)
  await page.getByRole('button', { name: 'Typeset' }).click()
  return page
}

describe('a run that somebody sent', () => {
  it('has its report shown, and nothing of it run', async () => {
    const page = await browser.newPage()
    await page.goto(`${server.url}run/report.html`)
    expect(await page.locator('h1').textContent()).toBe('of a stranger')
    expect(await page.evaluate("getComputedStyle(document.querySelector('h1')).color")).toBe('rgb(1, 2, 3)')
    await page.getByRole('button', { name: 'Send' }).click()
    expect(await page.title()).toBe('the report')
    expect(await page.evaluate('origin')).toBe('null')
    expect(page.url()).toBe(`${server.url}run/report.html`)
    await page.close()
  })

  it('has its drawing saved, not shown', async () => {
    const page = await browser.newPage()
    const download = page.waitForEvent('download')
    await page.goto(`${server.url}run/entropy_analysis.svg`).catch(() => {})
    expect(readFileSync(await (await download).path(), 'utf8')).toContain('<svg')
    await page.close()
  })

  it('has formulas beyond all bounds shown as they are written', async () => {
    const context = await browser.newContext()
    const page = await openTypeset(context, '0.0')
    await page.locator('.typeset .katex').waitFor()
    const written = await page.locator('.typeset .formula-display').allTextContents()
    expect(written).toEqual(Object.values(kept))
    expect(await page.locator('.typeset .katex').count()).toBe(1)
    await context.close()
  })

  it('has so many formulas typeset as a page can hold, and says so', async () => {
    const context = await browser.newContext()
    const page = await openTypeset(context, '1.0')
    await page.locator('.typeset-note').waitFor()
    const count = await page.locator('.typeset .katex-display').count()
    expect(count).toBeGreaterThan(2)
    expect(count).toBeLessThan(8)
    expect(await page.locator('.typeset p:has(+ .typeset-note)').textContent()).toContain('\\int_0^1')
    await context.close()
  })
})

/** Asks the page from outside, since its policy lets no text be run within. */
const poll = <Value>(read: () => Promise<Value>) => expect.poll(read, { interval: 40, timeout: patienceMs })

describe('a page that crashed', () => {
  const hash = '#/?sample=2.0'
  const notice = 'The page ended here the last time'
  const marked = "Object.keys(localStorage).some(key => key.startsWith('entrace.showing'))"

  /** A page that is in the middle of showing an answer, since what it reads does not come. */
  async function openingPage(context: BrowserContext): Promise<Page> {
    const page = await context.newPage()
    await page.route('**/traces.parquet', () => {})
    await page.goto(server.url + hash)
    await poll(() => page.evaluate(marked)).toBe(true)
    return page
  }

  it('does not open its link again in the same state', async () => {
    const context = await browser.newContext()
    const page = await openingPage(context)
    await page.evaluate("localStorage.setItem('entrace.typeset', 'true')")
    const crashed = page.waitForEvent('crash')
    const session = await context.newCDPSession(page)
    void session.send('Page.crash').catch(() => {})
    await crashed
    const again = await context.newPage()
    // The browser takes note of it a little later.
    await again.goto(`${server.url}run/run.json`)
    await poll(() => again.evaluate('navigator.locks.query().then(({ held }) => held.length)')).toBe(0)
    await again.goto(`${server.url}#/?sample=1.0`)
    await again.locator('.replay').waitFor()
    await again.goto('about:blank')
    await again.goto(`${server.url}${hash}&token=1`)
    await again.getByText(notice).waitFor()
    expect(await again.locator('.notice').textContent()).toContain('not typeset any more')
    await again.getByRole('button', { name: 'Open it all the same' }).click()
    await again.locator('.replay').waitFor()
    expect(await again.locator('.typeset').isHidden()).toBe(true)
    await poll(() => again.evaluate(marked)).toBe(false)
    await again.reload()
    await again.locator('.replay').waitFor()
    await context.close()
  })

  it('is not one that another tab still shows, nor one that was closed or left', async () => {
    const context = await browser.newContext()
    const page = await openingPage(context)
    const beside = await context.newPage()
    await beside.goto(server.url + hash)
    await beside.locator('.replay').waitFor()
    await page.goto('about:blank')
    const after = await context.newPage()
    await after.goto(server.url + hash)
    await after.locator('.replay').waitFor()
    await context.close()
  })
})
