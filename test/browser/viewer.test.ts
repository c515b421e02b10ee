import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeResults } from '../../node-runner/run/write-results.ts'
import { pageFolder } from '../../node-runner/view/page-folder.ts'
import { serveView, type ViewServer } from '../../node-runner/view/serve-view.ts'
import { simulateSamples } from '../golden/statistics-samples.ts'
import { writeRun } from '../support/write-run.ts'
import { axeViolations } from './axe-violations.ts'
import { launchChromium } from './launch-chromium.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
const demo = 'web/public/demo'
const problems: string[] = []
let browser: Browser
let server: ViewServer
let pages: string
beforeAll(async () => {
  pages = pageFolder(() => {})
  server = await serveView(pages, demo)
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  rmSync(folder, { recursive: true })
})

/** A fresh page at an address of the server; what it reports as an error is collected. */
async function open(
  hash = '',
  { at = server, ...options }: { at?: ViewServer } & Parameters<Browser['newContext']>[0] = {},
): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.on('pageerror', error => problems.push(String(error)))
  await page.goto(at.url + hash)
  return { page, context }
}

const listed = (page: Page) => page.locator('.filter-bar .count')

describe('the viewer', () => {
  it('shows a run: its results, figures and samples', async () => {
    const { page, context } = await open()
    await page.locator('.table-row').first().waitFor()
    expect(await page.locator('.run-card').textContent()).toMatch(/67\.3 %[\s\S]*0\.931/)
    expect(await listed(page).textContent()).toContain('104 samples')
    expect(await page.locator('.figures svg').count()).toBe(7)
    await context.close()
  })

  it('filters by text, in the address too, and goes back', async () => {
    const { page, context } = await open('#/?filter=level%3A5')
    await page.locator('.table-row').first().waitFor()
    expect(await listed(page).textContent()).toContain('20 of 104')
    await page.locator('.filter-bar input').first().fill('level:1')
    await listed(page).getByText('14 of 104').waitFor()
    expect(page.url()).toContain('level:1')
    await page.goBack()
    await listed(page).getByText('20 of 104').waitFor()
    await page.locator('.filter-bar select[aria-label="Verdict"]').selectOption({ label: 'Right' })
    await page.locator('.table-empty').waitFor()
    await context.close()
  })

  it('sorts by a column, the largest first and the other way', async () => {
    const { page, context } = await open()
    await page.locator('.table-row').first().waitFor()
    const heading = page.locator('.table-head button').filter({ hasText: 'Tokens' })
    const tokens = async () =>
      (await page.locator('.table-row > :nth-child(7)').allTextContents()).map(Number)
    await heading.click()
    await page.waitForURL(/sort=-tokens/)
    const falling = await tokens()
    expect(falling).toEqual(falling.toSorted((a, b) => b - a))
    expect(falling[0]).toBeGreaterThan(falling.at(-1)!)
    await heading.click()
    await page.waitForURL(/sort=tokens/)
    const rising = await tokens()
    expect(rising).toEqual(rising.toSorted((a, b) => a - b))
    await context.close()
  })

  it('opens a sample by the keyboard, replays it to its end, and jumps to its spike', async () => {
    const { page, context } = await open()
    await page.locator('.table-row').first().waitFor()
    await page.locator('.samples-table').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.locator('.replay').waitFor()
    const place = page.locator('.transport-place')
    await page.locator('select.pace').selectOption('320')
    await page
      .locator('.replay')
      .focus()
      .catch(() => {})
    await page.locator('.play-button').click()
    await place.getByText(/^(\d+) \/ \1$/).waitFor()
    await page.locator('.answer-text').click({ position: { x: 2, y: 2 } })
    await page.keyboard.press('Home')
    expect(await place.textContent()).toMatch(/^1 \//)
    await page.keyboard.press('End')
    await page.keyboard.press('Shift+<')
    const spike = Number((await place.textContent())!.split(' /')[0])
    expect(spike).toBeGreaterThan(1)
    expect(await page.locator('.token-panel .choice').count()).toBeGreaterThan(5)
    await context.close()
  })

  it('restores a linked sample and token, locked', async () => {
    const { page, context } = await open('#/?sample=7.0&token=8')
    await page.locator('.token-panel.is-locked').waitFor()
    expect(await page.locator('.token-panel .token-place').textContent()).toContain('9 of 28')
    const shares = await page.locator('.token-panel .choice-value').allInnerTexts()
    expect(shares).toHaveLength(6)
    await context.close()
  })

  it('saves figures, and tracks as they are zoomed', async () => {
    const { page, context } = await open()
    await page.locator('.figures svg').first().waitFor()
    const saved = async (figure: string, kind: string) => {
      const download = page.waitForEvent('download')
      await page.getByRole('button', { name: `Save ${figure} as ${kind}` }).click({ force: true })
      return readFileSync(await (await download).path())
    }
    expect((await saved('ROC', 'SVG')).toString()).toContain('correct answers flagged')
    expect((await saved('ROC', 'PNG')).subarray(1, 4).toString()).toBe('PNG')
    await page.goto(`${server.url}#/?sample=7.0`)
    await page.locator('.token.current').waitFor()
    await page.locator('.answer-text').focus()
    await page.keyboard.press('w')
    const tracks = (await saved('the tracks', 'SVG')).toString()
    for (const name of ['Entropy', 'Varentropy', 'Margin', 'Log-probability'])
      expect(tracks).toContain(`>${name}<`)
    expect(tracks).toMatch(/<path[^>]* d="M0 .*>token 1<.*>token 19</s)
    expect((await saved('the tracks', 'PNG')).subarray(1, 4).toString()).toBe('PNG')
    await context.close()
  })

  it('shows hostile texts as texts, and runs none', async () => {
    const hostile = '<img src=x onerror="window.hit=1"><script>window.hit=1</script> \u202eabc e\u0301 & "'
    const out = join(folder, 'hostile')
    const samples = simulateSamples(3, 3).map((sample, index) => ({
      ...sample,
      problemIndex: index,
      problemId: String(index),
      problem: hostile,
      prompt: hostile,
      generatedText: hostile + 'x'.repeat(100_000),
      extractedAnswer: '\u202e21',
      tokens: [
        { ...sample.tokens[0]!, text: hostile },
        { ...sample.tokens[0]!, text: 'x'.repeat(100_000) },
      ],
    }))
    writeResults(out, writeRun(out, samples), samples)
    const at = await serveView(pages, out)
    const { page, context } = await open('#/?sample=1.0', { at })
    await page.locator('.token').first().waitFor()
    expect(await page.locator('.sample-problem').textContent()).toContain('<script>window.hit=1</script>')
    expect(await page.locator('.answer-text').textContent()).toContain('<img src=x onerror=')
    expect(await page.locator('.token-more').textContent()).toContain('100,000 characters')
    expect(await page.locator('.answers').textContent()).toContain('⟨U+202E⟩21')
    expect(await page.evaluate("'hit' in window")).toBe(false)
    await context.close()
    await at.close()
  })

  it('says by which rules a run is graded, and what hangs on them', async () => {
    const out = join(folder, 'graded')
    const samples = simulateSamples(4, 4).map((sample, index) => ({
      ...sample,
      problemIndex: index,
      problemId: String(index),
      rule: index === 0 ? 'boxed, equal as rationals within 0.01' : sample.rule,
    }))
    const grading = { tolerance: 0.01, severalBoxes: 'last' } as const
    writeResults(out, writeRun(out, samples, { grading }), samples)
    const at = await serveView(pages, out)
    const { page, context } = await open('', { at })
    await page.locator('.table-row').first().waitFor()
    const card = await page.locator('.run-card').textContent()
    expect(card).toContain('1 right only within 1 %')
    expect(card).toContain(
      'numbers are equal within 1 % of the expected one; of several boxes the last counts',
    )
    await context.close()
    await at.close()
  })

  it('follows a run that goes on', async () => {
    const out = join(folder, 'live')
    const samples = simulateSamples(4, 4).map((sample, index) => ({
      ...sample,
      problemIndex: index,
      problemId: String(index),
    }))
    writeRun(out, samples.slice(0, 5), { limit: 8 })
    const at = await serveView(pages, out)
    const { page, context } = await open('', { at })
    await page.locator('.table-row').first().waitFor()
    expect(await listed(page).textContent()).toContain('5 samples')
    const add = (name: string, from: number, to: number) => {
      for (const sample of samples.slice(from, to))
        appendFileSync(join(out, name), `${JSON.stringify({ formatVersion: '1.0', ...sample })}\n`)
    }
    add('samples.jsonl', 5, 7)
    await listed(page).getByText('7 samples').waitFor()
    // Another process takes the run over.
    add('samples-2.jsonl', 7, 8)
    await listed(page).getByText('8 samples').waitFor()
    await context.close()
    await at.close()
  })

  it('says how much of a run a part is, whether it is analysed or not, and of a shard', async () => {
    const samples = simulateSamples(30, 10)
    const missing = 'Missing: 12, 13, 14, 15, 16, 17, 18, 19, 20, 21 and 18 more. Short answers finish first'
    const odd = samples.filter(({ problemIndex }) => problemIndex % 2 === 1)
    for (const { isAnalysed, name, ...changes } of [
      {
        name: 'begun',
        isAnalysed: false,
        kept: samples.slice(0, 12),
        shard: null,
        said: `12 of 40 samples. ${missing}`,
      },
      {
        name: 'ended',
        isAnalysed: true,
        kept: samples.slice(0, 12),
        shard: null,
        said: `12 of 40 samples. ${missing}`,
      },
      {
        name: 'shard',
        isAnalysed: true,
        kept: odd,
        shard: '2/2',
        said: '20 of 40 samples, all of shard 2/2. Missing: 0, 2, ',
      },
    ]) {
      const out = join(folder, name)
      const run = writeRun(out, changes.kept, { limit: 40, shard: changes.shard, problemIds: null })
      if (isAnalysed) writeResults(out, run, changes.kept)
      const at = await serveView(pages, out)
      const { page, context } = await open('', { at })
      await page.locator('.table-row').first().waitFor()
      expect(await page.locator('.run-card .part').textContent()).toContain(
        `a part of the run: ${changes.said}`,
      )
      // A finished shard is not waited for.
      expect(await page.locator('.status.following').isVisible(), name).toBe(name !== 'shard')
      await context.close()
      await at.close()
    }
    const { page, context } = await open()
    await page.locator('.table-row').first().waitFor()
    expect(await page.locator('.run-card .part').count()).toBe(0)
    await context.close()
  })

  it('says what is wrong with a broken file and with one of a newer version', async () => {
    for (const [name, change, message] of [
      ['broken', (path: string) => writeFileSync(path, 'PAR1 nothing'), /summary\.parquet: .*Parquet/],
      ['newer', (path: string) => writeNewer(path), /2\.0/],
    ] as const) {
      const out = join(folder, name)
      cpSync(demo, out, { recursive: true })
      change(join(out, name === 'newer' ? 'run.json' : 'summary.parquet'))
      const at = await serveView(pages, out)
      const { page, context } = await open('', { at })
      await page.locator('.notice').getByText('This run cannot be shown').waitFor()
      expect(await page.locator('.notice').textContent()).toMatch(message)
      await context.close()
      await at.close()
    }
  })

  it('opens the files of a run without a server of its own', async () => {
    const { page, context } = await open()
    await page.locator('.table-row').first().waitFor()
    const choosing = page.waitForEvent('filechooser')
    // The browser is told to hand choosers over at the same time: not before it has answered may a key open one.
    await page.evaluate('0')
    await page.keyboard.press('o')
    const chooser = await choosing
    await chooser.setFiles(['run.json', 'summary.parquet', 'traces.parquet'].map(name => join(demo, name)))
    await page.waitForURL(/run=dropped/)
    await page.locator('.table-row').first().waitFor()
    expect(await listed(page).textContent()).toContain('104 samples')
    await context.close()
  })

  it('opens the journal of a run that is dropped on it', async () => {
    const out = join(folder, 'dropped')
    const samples = simulateSamples(2, 1).map((sample, index) => ({ ...sample, problemIndex: index }))
    writeRun(out, samples, { limit: 3 })
    const { page, context } = await open()
    await page.locator('.table-row').first().waitFor()
    // A drop cannot be made from outside of the page. As a text: its types are the page's.
    const files = ['run.json', 'samples.jsonl'].map(name => [name, readFileSync(join(out, name), 'utf8')])
    await page.evaluate(`{
      const dataTransfer = new DataTransfer()
      for (const [name, text] of ${JSON.stringify(files)}) dataTransfer.items.add(new File([text], name))
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }))
    }`)
    await page.waitForURL(/run=dropped/)
    await listed(page).getByText('3 samples').waitFor()
    // What a link cannot carry is said, not shown empty.
    await page.reload()
    await page.locator('.notice').getByText('drop them again').waitFor()
    await context.close()
  })

  it('says so when the server is gone, and lives on', async () => {
    const at = await serveView(pages, demo)
    const { page, context } = await open('', { at })
    await page.locator('.table-row').first().waitFor()
    await at.close()
    // A score that was not read before; the filter works all the same.
    await page.selectOption('[aria-label="Score"]', 'Perplexity')
    await listed(page).getByText('Perplexity cannot be read').waitFor()
    await page.fill('.filter-bar input', 'verdict:wrong')
    await listed(page)
      .getByText(/^\d+ of \d+ samples, Perplexity cannot be read/)
      .waitFor()
    await page.locator('.samples-table').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.locator('.notice').waitFor()
    expect(await page.locator('.notice').textContent()).toContain('cannot be shown')
    await page.keyboard.press('Escape')
    await page.locator('.table-row').first().waitFor()
    await context.close()
  })

  it('leads to the notices of what it is made of', async () => {
    const { page, context } = await open()
    await page.locator('.table-row').first().waitFor()
    await page.keyboard.press('?')
    expect(await axeViolations(page, 'dialog')).toEqual([])
    const [opened] = await Promise.all([context.waitForEvent('page'), page.click('dialog a')])
    expect(await opened.locator('body').textContent()).toMatch(/katex[\s\S]*SIL OPEN FONT LICENSE/)
    await context.close()
  })

  it.each(['light', 'dark'] as const)('gives axe nothing to find: %s', async colorScheme => {
    const { page, context } = await open('', { colorScheme, reducedMotion: 'reduce' })
    await page.locator('.table-row').first().waitFor()
    expect(await axeViolations(page, 'html')).toEqual([])
    await context.close()
  })

  it('reported no error of its own', () => {
    expect(problems).toEqual([])
  })
})

function writeNewer(path: string): void {
  const run = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...run, formatVersion: '2.0' }))
}
