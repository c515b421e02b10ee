import { readFileSync } from 'node:fs'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { axeViolations } from './axe-violations.ts'
import { answers, sharedTokens } from './compare-samples.ts'
import { launchChromium, patienceMs } from './launch-chromium.ts'
import { reportingPage } from './reporting-page.ts'
import { type ComparedRuns, serveComparedRuns } from './serve-compared-runs.ts'

let runs: ComparedRuns
let browser: Browser
/** The page of most tests; those of another size or theme have their own. */
let sharedPage: Page
let page: Page
/** What the page reported: nothing is expected. */
let reported: string[] = []

beforeAll(async () => {
  runs = await serveComparedRuns()
  browser = await launchChromium()
  sharedPage = await newPage({})
})
afterEach(async () => {
  if (page !== sharedPage) await page.context().close()
  expect(reported).toEqual([])
})
afterAll(async () => {
  await browser?.close()
  await runs?.close()
})

const newPage = (options: BrowserContextOptions) =>
  reportingPage(browser, options, text => reported.push(text))

/** Shows what an address names, in a page of its own where that is to differ from the others. */
async function open(address: string, options?: BrowserContextOptions): Promise<void> {
  reported = []
  page = options ? await newPage(options) : sharedPage
  await page.goto(`${runs.url}#/`)
  await page.goto(`${runs.url}#/?${address}`)
  await page.waitForSelector('.compare .place-facts:not(:empty)')
}

const text = (selector: string) => page.textContent(selector)
const texts = (selector: string) => page.locator(selector).allTextContents()
const evaluate = <Value>(script: string) => page.evaluate(script) as Promise<Value>
/** The page's policy keeps Playwright's own waiting out. */
const until = (holds: () => boolean | Promise<boolean>) =>
  expect.poll(holds, { interval: 40, timeout: patienceMs }).toBe(true)
const placed = async () => (await texts('.place-facts')).map(facts => facts.split(' · ')[0])

describe('a comparison', () => {
  it('opens by a link, on the token at which two samples part, with what each gave to the choice of the other', async () => {
    await open('sample=0.0&with=1')
    expect(await text('.compare-summary')).toContain(
      `Alike for ${sharedTokens} tokens, then apart; alike again in one stretch of 11 tokens in all.`,
    )
    expect(await texts('.compared h3 a')).toEqual(['sample 0.0', 'sample 0.1'])
    expect(await texts('.compared .verdict')).toEqual(['✓ right', '✓ right'])
    expect((await texts('.compared-facts'))[0]).toMatch(
      /^Extracted3Tokens82Mean entropy0\.\d+ natsLog-probability-\d/,
    )
    // The texts part at " 2" and " 12", which stand in one column.
    expect(await texts('.token.parting')).toEqual([' 2', ' 12'])
    expect(await texts('.token.current')).toEqual([' 2', ' 12'])
    expect(await placed()).toEqual([`token ${sharedTokens + 1} of 82`, `token ${sharedTokens + 1} of 80`])
    const [two, twelve] = answers.map(answer => answer.tokens[sharedTokens]!)
    const percent = (logprob: number) => `${Number((100 * Math.exp(logprob)).toPrecision(3))} %`
    const rows = await texts('.choice-other')
    expect(rows).toEqual([
      `·12${percent(two!.topLogprobs[two!.topIds.indexOf(twelve!.id)]!)}B`,
      `·2${percent(twelve!.topLogprobs[twelve!.topIds.indexOf(two!.id)]!)}A`,
    ])
    // All of both lines is in the plot, and what is apart is shaded.
    expect(await page.locator('.overlay-line').count()).toBe(2)
    expect(await page.locator('.overlay rect[fill="#e4e4e4"]').count()).toBe(1)
  })

  it('folds what is alike, in all answers at once', async () => {
    await open('sample=0.0&with=1')
    const shown = () => evaluate<string>(`document.querySelectorAll('.answer-text')[1].textContent`)
    const folded = `${sharedTokens - 12} tokens alike`
    expect(await texts('.fold')).toEqual([folded, folded])
    expect(await shown()).not.toContain('Let us write')
    await page.click('.compared:first-child .fold')
    expect((await shown()).replace(folded, '')).toBe(answers[1]!.generatedText)
    await page.keyboard.press('u')
    expect(await shown()).not.toContain('Let us write')
  })

  it('moves one cursor over all answers by keys, and from parting to parting', async () => {
    await open('sample=0.0&with=1')
    await page.keyboard.press('ArrowRight')
    expect(await texts('.token.current')).toEqual([' (', ' +'])
    expect(await text('main ~ [aria-live]')).toMatch(
      new RegExp(`^Place ${sharedTokens + 2} of 82, apart\\. A: ·\\(, entropy .* nats\\. B: ·\\+, entropy`),
    )
    await until(() => page.url().endsWith(`&token=${sharedTokens + 1}`))
    await page.keyboard.press('Home')
    expect(await placed()).toEqual(['token 1 of 82', 'token 1 of 80'])
    // It lies in what is folded.
    expect(await page.locator('.fold.current').count()).toBe(2)
    await page.keyboard.press('Shift+>')
    expect(await texts('.token.current')).toEqual([' 2', ' 12'])
    await page.keyboard.press('End')
    expect(await placed()).toEqual(['token 82 of 82', 'token 80 of 80'])
    await page.keyboard.press('Shift+?')
    expect(await text('dialog')).toContain('where they part next')
    // A key that closes a dialog does nothing behind it.
    await page.keyboard.press('Escape')
    await until(async () => (await page.locator('dialog').count()) === 0)
    expect(await page.locator('.compare').count()).toBe(1)
  })

  it('shows what is under the pointer in all answers and in the plot, and pins it on a click', async () => {
    await open('sample=0.0&with=1')
    const cursor = () => evaluate<string>(`document.querySelector('.track-cursor').style.transform`)
    const before = await cursor()
    const token = page.locator('.compared:last-child .token').filter({ hasText: 'which' }).last()
    await token.hover()
    expect(await texts('.token.current')).toEqual([' 12', ' which'])
    expect(await cursor()).not.toBe(before)
    await token.click()
    await page.locator('.compared:last-child .fold').hover()
    expect(await texts('.token.locked')).toEqual([' 12', ' which'])
    const box = (await page.locator('.overlay .chart').boundingBox())!
    await page.mouse.click(box.x + box.width - 14, box.y + 40)
    expect(await placed()).toEqual(['token 82 of 82', 'token 80 of 80'])
    await page.keyboard.press('Escape')
    expect(await page.locator('.token.locked').count()).toBe(0)
    await page.keyboard.press('Escape')
    await expect.poll(() => text('.transport-place')).toBe('82 / 82')
  })

  it('has the other texts follow the pointer', async () => {
    await open('sample=0.0&with=1,2', { viewport: { width: 900, height: 500 } })
    await page.keyboard.press('End')
    await page.keyboard.press('u')
    await page.keyboard.press('Home')
    const tops = () =>
      evaluate<number[]>(`[...document.querySelectorAll('.answer-text')].map(pane => pane.scrollTop)`)
    await until(async () => (await tops())[1]! < 10)
    await page.locator('.compared:first-child .token').filter({ hasText: 'boxed' }).hover()
    expect(await texts('.token.current')).toEqual([' \\boxed{3}', ' \\boxed{3}', ' hence'])
    expect((await tops())[1]).toBeGreaterThan(50)
    const pane = (await page.locator('.answer-text').nth(1).boundingBox())!
    const token = (await page.locator('.token.current').nth(1).boundingBox())!
    expect(token.y).toBeGreaterThan(pane.y)
    expect(token.y).toBeLessThan(pane.y + pane.height)
  })

  it('compares two runs by the text of the problem, and says how they differ', async () => {
    await open('sample=0.0&with=1&against=run-2/')
    expect(await texts('.compared h3 a')).toEqual(['sample 0.0', 'sample 0.1', 'sample 5.0 of run-2/'])
    const notes = await texts('.compare-note')
    expect(notes[0]).toBe('The runs differ: model a-model → other-model, dtypes bf16 → f16.')
    expect(notes[1]).toContain('The prompts differ')
    expect((await texts('.token.current')).slice(0, 3)).toEqual([' two', ' two', ' two-thirds'])
    // Not among the recorded likeliest.
    expect((await texts('.choice-other'))[0]).toMatch(/^·two-thirds≤ 0\.\d+ %C$/)
    await page.click('.compared:last-child h3 a')
    await page.waitForSelector('.replay')
    expect(page.url()).toContain('run=run-2/&sample=5.0')
  })

  it('says what is missing: the problem, the answer, the run', async () => {
    await open('sample=1.0&against=run-2/')
    expect(await text('.compare-note')).toBe(
      'The run at run-2/ has no such problem: none of its problems has this text.',
    )
    await open('sample=0.0&with=7,1')
    expect(await text('.compare-note')).toBe('This run has 3 answers to this problem, and none that is 0.7.')
    expect(await texts('.compared h3 a')).toEqual(['sample 0.0', 'sample 0.1'])
    await open('sample=0.0&against=ftp:nowhere')
    expect(await text('.compare-note')).toContain('expected an http or https address, found ftp:')
  })

  it('is reached from a group of the table, and from a replay by a dialog; the back button goes back', async () => {
    await open('sample=0.0&with=1')
    await page.goto(`${runs.url}#/?group=1`)
    await page.locator('.compare-link').first().click()
    await page.waitForSelector('.compare')
    expect(await texts('.compared h3 .letter')).toEqual(['A', 'B', 'C'])
    await page.goBack()
    await page.waitForSelector('.overview')
    await page.goto(`${runs.url}#/?sample=0.2`)
    await page.waitForSelector('.token.current')
    await page.keyboard.press('Shift+C')
    await page.waitForSelector('dialog[open]')
    await page.goBack()
    await until(async () => (await page.locator('dialog').count()) === 0)
    await page.goForward()
    await page.waitForSelector('.token.current')
    await page.keyboard.press('Shift+C')
    // The run that is served too is listed, and its answer is chosen as long as nothing else is.
    await until(async () => (await page.locator('.answer-list input:checked').count()) === 1)
    expect(await texts('.answer-list label')).toEqual([
      'sample 0.0✓ right382 tokens',
      'sample 0.1✓ right380 tokens',
      'sample 5.0✓ right380 tokens',
    ])
    await page.locator('.answer-list input').first().check()
    await page.keyboard.press('Enter')
    await page.waitForSelector('.compare')
    expect(page.url()).toContain('sample=0.2&with=0,@0&against=run-2/')
    await page.goBack()
    await page.waitForSelector('.replay')
    await page.goForward()
    await page.waitForSelector('.compare')
    // To the next problem of the table, compared in the same way.
    await page.keyboard.press('[')
    expect(page.url()).not.toContain('sample=1.0')
    await page.keyboard.press(']')
    await page.locator('.compare-note').getByText('has no such problem').waitFor()
    expect(page.url()).toContain('sample=1.0&with=0,@0&against=run-2/')
  })

  it('compares the answers of runs that are there as files alone', async () => {
    await open('sample=0.0&with=1')
    const choose = async (run: 'first' | 'second', act: () => Promise<void>) => {
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), act()])
      await chooser.setFiles(runs.filesOf(run))
    }
    await choose('first', () => page.keyboard.press('o'))
    await page.waitForSelector('.table-row')
    await page.focus('.samples-table')
    await page.keyboard.press('Home')
    await page.keyboard.press('Shift+C')
    await page.waitForSelector('.compare')
    expect(await texts('.compared h3 .letter')).toEqual(['A', 'B', 'C'])
    await page.keyboard.press('Shift+C')
    await choose('second', () => page.locator('dialog button').filter({ hasText: 'Files' }).click())
    const other = page.locator('.answer-list label').filter({ hasText: 'sample 5.0' })
    await other.waitFor()
    // Three at most: one has to go first.
    expect(await other.locator('input').isChecked()).toBe(false)
    await page.locator('.answer-list input').first().uncheck()
    await other.locator('input').check()
    await page.locator('dialog .primary').click()
    await until(async () => (await texts('.compared h3')).some(name => name.includes('of the chosen files')))
    expect(await texts('.token.parting')).toContain(' two-thirds')
  })

  it('draws another measure, zooms, and saves the figure with its key', async () => {
    await open('sample=0.0&with=1')
    const path = () => page.getAttribute('.overlay-line', 'd')
    const before = await path()
    await page.keyboard.press('c')
    expect(await page.locator('.overlay select').inputValue()).toBe('varentropy')
    const other = await path()
    expect(other).not.toBe(before)
    await page.keyboard.press('w')
    expect(await path()).not.toBe(other)
    await page.locator('.overlay figure').hover()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click('[aria-label="Save compared-answers as SVG"]'),
    ])
    expect(readFileSync(await download.path(), 'utf8')).toContain('>B sample 0.1</text>')
    await page.keyboard.press('Escape')
  })

  it('shows hostile texts as texts', async () => {
    await open('sample=2.0&with=1')
    const shown = await evaluate<string[][]>(
      `[...document.querySelectorAll('.answer-text')].map(pane => [...pane.querySelectorAll('.token')].map(token => token.textContent))`,
    )
    const start = [
      '<img src=x onerror="window.harmed = 1">',
      '⟨U+202E⟩txt.exe⟨U+202C⟩',
      'שלום עולם',
      '</div></body>',
    ]
    expect(shown).toEqual([start, [...start, 'וסוף']])
    expect(await texts('.token.parting')).toEqual(['שלום עולם', 'שלום עולם'])
    expect(await text('.sample-problem')).toBe('<img src=x onerror="window.harmed = 1">')
    expect(await evaluate('window.harmed ?? null')).toBeNull()
    expect(await page.locator('main img, main script').count()).toBe(0)
    await page.keyboard.press('End')
    expect((await texts('.place-facts'))[0]).toBe('the answer has ended before this place')
  })

  it.each([
    ['light', 1280, 'with=1,2'],
    ['dark', 1280, 'with=1,@0&against=run-2/'],
    ['light', 390, 'with=1'],
  ] as const)('fits, and axe-core finds nothing: %s, %s px', async (colorScheme, width, compared) => {
    const options = { colorScheme, viewport: { width, height: 1000 }, reducedMotion: 'reduce' as const }
    await open(`sample=0.0&${compared}`, options)
    expect(await axeViolations(page, 'main')).toEqual([])
    expect(
      await evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'),
    ).toBe(true)
    await page.keyboard.press('Shift+C')
    await until(async () => (await page.locator('.answer-list label').count()) === 3)
    expect(await axeViolations(page, 'dialog')).toEqual([])
  })
})
