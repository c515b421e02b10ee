import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findSpikes } from '../../core/study/scores/sequence-measures.ts'
import { pageFolder } from '../../node-runner/view/page-folder.ts'
import { serveView, type ViewServer } from '../../node-runner/view/serve-view.ts'
import { writeRun } from '../support/write-run.ts'
import { axeViolations } from './axe-violations.ts'
import { launchChromium, patienceMs } from './launch-chromium.ts'
import { hostileSample, hostileTexts, longSample } from './replay-samples.ts'
import { reportingPage } from './reporting-page.ts'

const long = longSample(0, 4000)
const short = longSample(2, 120)
const spikes = findSpikes(long.tokens.map(token => token.entropyNats))

let folder: string
let server: ViewServer
let browser: Browser
/** The page of most tests, which go from sample to sample; those of another size or theme have their own. */
let sharedPage: Page
let page: Page
/** What the page reported: nothing is expected. */
let reported: string[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'entrace-replay-'))
  writeRun(folder, [long, hostileSample(1), short])
  server = await serveView(
    pageFolder(() => {}),
    folder,
  )
  browser = await launchChromium()
  sharedPage = await newPage({})
})
afterEach(async () => {
  if (page !== sharedPage) await page.context().close()
  expect(reported).toEqual([])
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Shows a sample, in a page of its own where that is to differ from the others. */
async function open(address: string, options?: BrowserContextOptions): Promise<void> {
  reported = []
  page = options ? await newPage(options) : sharedPage
  await page.goto(`${server.url}#/`)
  await page.goto(`${server.url}#/?${address}`)
  await page.waitForSelector('.token.current')
}

const newPage = (options: BrowserContextOptions) =>
  reportingPage(browser, options, text => reported.push(text))

const text = (selector: string) => page.textContent(selector)
const evaluate = <Value>(script: string) => page.evaluate(script) as Promise<Value>
/** The current token, from 0, as the page shows it. */
const current = async () => Number.parseInt((await text('.transport-place')) ?? '', 10) - 1
/** The page's policy keeps Playwright's own waiting out. */
const until = (holds: () => boolean | Promise<boolean>) =>
  expect.poll(holds, { interval: 40, timeout: patienceMs }).toBe(true)
/** The tokens that the page shows one after another, from 0, from now on until the condition holds of them. */
const shownUntil = (isEnough: (shown: number[]) => boolean) =>
  evaluate<number[]>(`new Promise(resolve => {
    const place = document.querySelector('.transport-place')
    const shown = []
    new MutationObserver((_, observer) => {
      shown.push(Number.parseInt(place.textContent, 10) - 1)
      if (!(${isEnough})(shown)) return
      observer.disconnect()
      resolve(shown)
    }).observe(place, { childList: true, characterData: true, subtree: true })
  })`)
/** Opens the typeset pane, which is remembered from sample to sample. */
async function typeset(): Promise<void> {
  if (!(await page.isVisible('.typeset'))) await page.keyboard.press('m')
}
const choosePace = (perSecond: number) => page.selectOption('.pace', String(perSecond))
/** Whether the current token lies within the pane of the text. */
const isInSight = () =>
  evaluate<boolean>(`(() => {
    const pane = document.querySelector('.answer-text').getBoundingClientRect()
    const token = document.querySelector('.token.current').getBoundingClientRect()
    return token.top >= pane.top && token.bottom <= pane.bottom
  })()`)

describe('the replay of a sample', () => {
  it('shows the whole text, with characters that tokens split joined', async () => {
    await open('sample=2.0')
    const shown = await evaluate<string>(
      `[...document.querySelectorAll('.token')].map(token => token.textContent).join('')`,
    )
    expect(shown).toBe(short.generatedText)
    expect(short.tokens.map(token => token.text).join('')).toContain('\uFFFD')
    expect(shown).not.toContain('\uFFFD')
    expect(await text('.verdict')).toBe('✓ right')
    expect(await text('.answers')).toBe('Extracted3Expected3')
    expect(await text('.rule')).toContain('boxed, equal as rationals')
  })

  it('plays to the end, and from the start again', async () => {
    await open('sample=2.0')
    await choosePace(2)
    await page.focus('.answer-text')
    await page.keyboard.press(' ')
    await page.waitForSelector('.answer-text.revealing')
    await choosePace(320)
    await until(async () => (await current()) === 119)
    await page.waitForSelector('.answer-text:not(.revealing)')
    expect(await page.getAttribute('.play-button', 'aria-label')).toBe('Play')
    // Slow enough for the press that stops it to come before its end.
    await choosePace(2)
    const restarted = shownUntil(shown => shown.at(-1)! < 60)
    await page.click('.play-button')
    await restarted
    await page.click('.play-button')
    expect(await page.getAttribute('.play-button', 'aria-label')).toBe('Play')
  })

  it('steps, and jumps from spike to spike, with the address and a screen reader told', async () => {
    await open('sample=0.0')
    await page.keyboard.press('.')
    await page.keyboard.press('.')
    await page.keyboard.press(',')
    expect(await current()).toBe(1)
    await page.keyboard.press('Shift+>')
    await page.keyboard.press('Shift+>')
    expect(await current()).toBe(spikes[1])
    await page.keyboard.press('Shift+<')
    expect(await current()).toBe(spikes[0])
    expect(await text('main ~ [aria-live]')).toContain(`Token ${spikes[0]! + 1} of 4000`)
    await until(() => page.url().endsWith(`&token=${spikes[0]}`))
    await page.keyboard.press('End')
    expect(await current()).toBe(3999)
    await until(isInSight)
  })

  it.each([
    ['desktop', 1280, 800, 3000],
    ['phone', 390, 844, 147],
  ])('opens on the token of a link and brings it in sight: %s', async (_, width, height, token) => {
    await open(`sample=0.0&token=${token}`, { viewport: { width, height } })
    expect(await current()).toBe(token)
    await until(isInSight)
    expect(await text('.token-state')).toContain('locked')
    expect(
      await evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'),
    ).toBe(true)
  })

  it('locks a token on a click, with its top k, rank and running mean', async () => {
    await open('sample=0.0')
    await page.click('.doubts button')
    const spike = 50
    expect(await current()).toBe(spike)
    await page.click('.token.current')
    expect(await text('.token-state')).toContain('locked')
    const rows = await evaluate<string[][]>(
      `[...document.querySelectorAll('.choice')].map(row => [row.className, row.querySelector(".choice-value").textContent])`,
    )
    expect(rows).toEqual([
      ['choice choice-likely', '40 %'],
      ['choice choice-chosen', '30 %'],
      ['choice choice-likely', '20 %'],
      ['choice choice-rest', '10 %'],
    ])
    const mean =
      long.tokens.slice(0, spike + 1).reduce((sum, token) => sum + token.entropyNats, 0) / (spike + 1)
    const facts = await text('.token-panel .facts')
    expect(facts).toContain(`Running mean${Number(mean.toPrecision(3))} nats`)
    expect(facts).toContain('Rank1')
    await page.keyboard.press('Escape')
    expect(await text('.token-state')).toBe('')
    await page.keyboard.press('Escape')
    await until(() => !page.url().includes('sample='))
  })

  it('says what a dragged stretch is like, and loops it', async () => {
    await open('sample=2.0')
    const box = (await (await page.$('.track-plot'))!.boundingBox())!
    const x = (token: number) => box.x + ((token + 0.5) / 120) * box.width
    await page.mouse.move(x(10), box.y + 20)
    await page.mouse.down()
    await page.mouse.move(x(15), box.y + 20, { steps: 3 })
    await page.mouse.move(x(19), box.y + 20)
    await page.mouse.up()
    expect(await text('.selection-panel h3')).toBe('Tokens 11 to 20')
    const sum = short.tokens.slice(10, 20).reduce((total, token) => total + token.logprob, 0)
    expect(await text('.selection-panel .facts')).toContain(
      `log-probabilities${Number(sum.toPrecision(3))} nats`,
    )
    await choosePace(40)
    await page.click('.selection-panel button')
    const twice = shownUntil(
      shown => shown.filter((token, index) => index > 0 && token < shown[index - 1]!).length === 2,
    )
    await page.click('.play-button')
    const places = await twice
    await page.click('.play-button')
    expect(Math.min(...places)).toBeGreaterThanOrEqual(10)
    expect(Math.max(...places)).toBeLessThan(20)
  })

  it('typesets mathematics beside the text, and leaves prices alone', async () => {
    await open('sample=2.0')
    await typeset()
    await page.waitForSelector('.typeset .katex-display')
    expect(await page.locator('.typeset .formula').count()).toBeGreaterThanOrEqual(4)
    expect(await text('.typeset')).toContain('a price of $5 or $7')
    // Fonts are the page's own, and were allowed.
    expect(await evaluate(`document.fonts.ready.then(() => document.fonts.check('16px KaTeX_Main'))`)).toBe(
      true,
    )
  })

  it('colours by other measures, from thresholds that can be moved', async () => {
    await open('sample=0.0')
    const coloured = () => evaluate<number>(`document.querySelectorAll('.token[class*=doubt-]').length`)
    const before = await coloured()
    await page.focus('[aria-label="Colours begin at"]')
    for (let press = 0; press < 8; press++) await page.keyboard.press('ArrowRight')
    const after = await coloured()
    expect(after).toBeLessThan(before)
    expect(after).toBeGreaterThan(0)
    await page.keyboard.press('c')
    expect(await text('.heading-note')).toBe('by varentropy')
  })

  it('remembers measure and pace from visit to visit', async () => {
    await open('sample=2.0', {})
    await page.selectOption('.measure', 'margin')
    await choosePace(80)
    await page.reload()
    await page.waitForSelector('.token.current')
    expect(await text('.heading-note')).toBe('by margin')
    expect(await page.inputValue('.pace')).toBe('80')
  })

  it('shows hostile texts as texts', async () => {
    await open('sample=1.0')
    await typeset()
    await page.waitForSelector('.typeset p')
    const shown = await evaluate<string[]>(
      `[...document.querySelectorAll('.token')].map(token => token.textContent)`,
    )
    expect(shown.slice(0, 2)).toEqual(hostileTexts.slice(0, 2))
    expect(shown[2]).toBe('⟨U+202E⟩txt.exe⟨U+202C⟩')
    expect(shown[8]!.length).toBeLessThan(600)
    await page.click('.token-more')
    expect(await evaluate(`document.querySelectorAll('.token')[8].textContent.length`)).toBe(100_000)
    expect(await evaluate('window.harmed ?? null')).toBeNull()
    expect(await page.locator('main img, main script, main a[href^=javascript]').count()).toBe(0)
    for (let step = 0; step < hostileTexts.length; step++) await page.keyboard.press('.')
    expect(await current()).toBe(hostileTexts.length - 1)
  })

  it.each(['light', 'dark'] as const)('has nothing that axe-core finds: %s', async colorScheme => {
    // As high as the answer: axe takes what is not laid out, out of sight, to lie on one place.
    const viewport = { width: 1280, height: 2400 }
    await open('sample=2.0&token=50', { colorScheme, viewport, reducedMotion: 'reduce' })
    await typeset()
    await page.waitForSelector('.typeset .katex-display')
    expect(await axeViolations(page, 'main')).toEqual([])
    // 4,000 tokens are no 4,000 stops of the Tab key.
    expect(await evaluate(`document.querySelectorAll('.answer-text [tabindex]').length`)).toBe(0)
    expect(
      await evaluate(
        `document.getAnimations().filter(animation => animation.playState === 'running').length`,
      ),
    ).toBe(0)
  })

  // How long a frame takes is measured by frames.long.test.ts: the clock of a loaded machine says little.
  it('changes a few elements a token of a long answer, and not all of them on every frame', async () => {
    const first = 2700
    await open(`sample=0.0&token=${first}`, {})
    await choosePace(320)
    await page.focus('.answer-text')
    await evaluate(`(() => {
      globalThis.changes = 0
      const everything = { subtree: true, childList: true, attributes: true, characterData: true }
      new MutationObserver(records => { changes += records.length }).observe(document.body, everything)
    })()`)
    await page.keyboard.press('Shift+F')
    await page.keyboard.press(' ')
    await until(async () => (await current()) === 3999)
    const changes = await evaluate<number>('changes')
    console.log(
      `a replay at 320 tokens a second: ${changes} changes of elements; ${await text('.frame-log')}`,
    )
    expect(changes).toBeGreaterThan(4000 - first)
    expect(changes).toBeLessThan(10 * (4000 - first))
  })
})
