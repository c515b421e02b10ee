import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openTraces, type TraceSample } from '../../core/record/traces.ts'
import { openFileByteSource } from '../../node-runner/files/file-byte-source.ts'
import { loadTokenizer } from '../../node-runner/models/load-tokenizer.ts'
import { serveView } from '../../node-runner/view/serve-view.ts'
import { continueInNode } from '../support/continue-in-node.ts'
import { forgetDigests } from '../support/run-files.ts'
import { axeViolations } from './axe-violations.ts'
import {
  expectSameTokens,
  poll,
  savedBranch,
  shownText,
  statusText,
  treeTexts,
  wholeBranch,
} from './branch-page.ts'
import { type BranchPages, demo, model, openBranchPages } from './open-branch-pages.ts'

/** Whose ninth token is the least certain of its answer. */
const row = 7
const sample = `sample=${row}.0`
const place = 8

let pages: BranchPages
let recorded: TraceSample
/** What Node's generation gives after the recorded prompt and these tokens of an answer. */
let inNode: Awaited<ReturnType<typeof continueInNode>>

// A page that compiles kernels on a processor that others use takes its time.

beforeAll(async () => {
  pages = await openBranchPages()
  const traces = await openFileByteSource(join(demo, 'traces.parquet'))
  recorded = await (await openTraces(traces)).read(row)
  await traces.close()
  inNode = await continueInNode(model.path, recorded, { maxNewTokens: 96, stopIds: [502, 500] })
})
afterEach(() => {
  expect(pages.reported).toEqual([])
})
afterAll(() => pages?.close())

const close = (page: Page) => page.context().close()
const isBranchWorker = (url: string) => url.includes('branch-worker')

describe('a branch in the page', () => {
  it('goes on with the tokens and entropies that Node gives, by the keyboard, and from a branch again', async () => {
    const page = await pages.open(`${sample}&token=${place}`)
    const keptIds = Array.from(recorded.tokens.tokenId).slice(0, place)
    const second = recorded.tokens.topIds[place]![1]!
    await page.keyboard.press('i')
    await page.waitForSelector('.what-if-form:not([hidden])')
    await page.keyboard.press('2')
    await wholeBranch(page)
    const expected = await inNode([...keptIds, second])
    expect(expected.tokens.length).toBeGreaterThan(10)
    const branch = await savedBranch(page)
    expect(branch).toMatchObject({
      branch: `${place}:${second}`,
      from: place,
      finishReason: expected.finishReason,
    })
    // The chosen token is recorded as the second likeliest that it was; from there on both go the same way.
    const [chosen, ...after] = branch.tokens
    expect(chosen).toMatchObject({ id: second, rank: 1 })
    expect(chosen!.logprob).toBeCloseTo(recorded.tokens.topLogprobs[place]![1]!, 4)
    expect(chosen!.entropyNats).toBeCloseTo(recorded.tokens.entropyNats[place]!, 4)
    expectSameTokens(after, expected.tokens)
    // The replay shows it, locked on the token that was chosen.
    expect(page.url()).toContain(`branch=${place}:${second}`)
    expect(await shownText(page)).toBe(branch.generatedText)
    expect(await page.textContent('.token-panel .token-place')).toContain(`${place + 1} of`)
    expect(await page.textContent('.choice-chosen .choice-name')).toBe(chosen!.text)
    expect(await page.textContent('.verdict-panel')).toContain(String(branch.extractedAnswer))
    expect(await page.textContent('.branch-status')).toContain("The weights are the run's.")

    // A branch of the branch, by a bar's own button.
    const later = branch.tokens.findIndex((token, index) => index > 3 && token.entropyNats > 0.05) + place
    await page.goto(`${pages.server.url}#/?${sample}&token=${later}&branch=${branch.branch}`)
    await poll(() => page.textContent('.transport-place')).toContain(`${later + 1} /`)
    await page.click('.choice:nth-child(2) .choice-if')
    await page.waitForURL(/branch=[\d:]+\/[\d:]+/)
    await wholeBranch(page)
    const own = branch.tokens.slice(0, later - place).map(token => token.id)
    const third = branch.tokens[later - place]!.topIds[1]!
    const again = await inNode([...keptIds, ...own, third])
    const child = await savedBranch(page)
    expect(child).toMatchObject({ branch: `${place}:${second}/${later}:${third}`, from: later })
    expectSameTokens(child.tokens.slice(1), again.tokens)
    expect(await treeTexts(page)).toHaveLength(3)

    // The recorded answer is one press away, and back leads to the branch.
    await page.click('.branch-line >> nth=0')
    expect(await shownText(page)).toBe(recorded.generatedText)
    await page.goBack()
    await poll(() => shownText(page)).toBe(child.generatedText)
    // From answer to answer of the tree, which a screen reader is told.
    const announced = () => page.textContent('[aria-live=polite]')
    await page.keyboard.press('{')
    await poll(announced).toContain(`branch at token ${place + 1}: `)
    await page.keyboard.press('{')
    await poll(announced).toBe('the recorded answer')
    await page.goBack()
    await page.goBack()
    await poll(() => shownText(page)).toBe(child.generatedText)
    const link = page.url()
    const before = await treeTexts(page)

    // A link computes what it names, and what that comes from, again.
    const linked = await pages.open(link.split('#/?')[1]!, {})
    await wholeBranch(linked)
    expect(await treeTexts(linked)).toEqual(before)
    expect(await shownText(linked)).toBe(child.generatedText)
    await close(linked)
  })

  it('gives the recorded answer where the recorded token is chosen', async () => {
    const page = await pages.open(`${sample}&token=${place}`)
    await page.keyboard.press('i')
    await page.keyboard.press('1')
    await wholeBranch(page)
    const branch = await savedBranch(page)
    const { tokens } = recorded
    expect(branch.tokens.map(token => token.id)).toEqual(Array.from(tokens.tokenId).slice(place))
    expect(branch.tokens.map(token => token.text)).toEqual(Array.from(tokens.tokenText).slice(place))
    for (const [index, { entropyNats }] of branch.tokens.entries())
      expect(Math.abs(entropyNats - tokens.entropyNats[place + index]!)).toBeLessThan(1e-4)
    expect(branch.generatedText).toBe(recorded.generatedText)
  })

  it('is graded by the rules of its run', async () => {
    const run = mkdtempSync(join(tmpdir(), 'entrace-test-'))
    cpSync(demo, run, { recursive: true })
    const description = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'))
    const grading = { tolerance: 0.6, severalBoxes: 'all' }
    writeFileSync(join(run, 'run.json'), JSON.stringify({ ...description, grading }))
    forgetDigests(run)
    const at = await serveView(pages.pageFiles, run, 0, [], model)
    // Its third likeliest token leads to 1, where 2 is expected.
    const page = await pages.open(`${sample}&branch=${place}:${recorded.tokens.topIds[place]![2]}`, { at })
    await wholeBranch(page)
    expect(await page.textContent('.verdict-panel')).toContain('boxed, equal as rationals within 0.6')
    await close(page)
    await at.close()
    rmSync(run, { recursive: true })
  })

  it('begins with a text of the reader, and is stopped by Escape', async () => {
    const page = await pages.open(`${sample}&token=0`)
    await page.keyboard.press('i')
    await page.keyboard.press('Tab')
    const typed = 'The apples of the girl: '
    await page.keyboard.type(typed)
    const tokenizer = await loadTokenizer(model.path)
    const ids = tokenizer.encode(typed)
    await poll(() => page.textContent('.what-if-tokens')).toContain(`${ids.length} tokens`)
    // Each read of the device waits to be let through, so that the key comes in between.
    const worker = page.workers().find(worker => isBranchWorker(worker.url()))!
    await worker.evaluate(`(() => {
      globalThis.waiting = []
      const { mapAsync } = GPUBuffer.prototype
      GPUBuffer.prototype.mapAsync = async function (...how) {
        if (waiting) await new Promise(go => waiting.push(go))
        return mapAsync.apply(this, how)
      }
    })()`)
    await page.keyboard.press('Enter')
    await poll(async () => {
      await worker.evaluate('void waiting.shift()?.()')
      return page.isVisible('.replay[aria-label="Branch that is being computed"] .branch-start')
    }).toBe(true)
    await page.keyboard.press('Escape')
    await worker.evaluate(`(() => {
      const held = waiting
      globalThis.waiting = null
      for (const go of held) go()
    })()`)
    await wholeBranch(page)
    const branch = await savedBranch(page)
    const expected = await inNode(ids)
    expect(branch).toMatchObject({ branch: `0:${ids.join('.')}`, finishReason: 'stopped', correct: null })
    const count = branch.tokens.length
    expect(count).toBeLessThan(ids.length + expected.tokens.length)
    expect(branch.tokens.map(token => token.id).slice(0, ids.length)).toEqual(ids.slice(0, count))
    const after = branch.tokens.slice(ids.length)
    expectSameTokens(after, expected.tokens.slice(0, after.length))
    expect(await page.textContent('.verdict-panel')).toContain('Stopped before its end.')
    expect(await page.locator('.verdict').count()).toBe(0)
    await page.click('text=Compute the branch')
    await page.waitForSelector('.branch-line[aria-current] :is(.verdict-correct, .verdict-incorrect)')
    expectSameTokens((await savedBranch(page)).tokens.slice(ids.length), expected.tokens)
  })

  it('is not begun when loading is stopped, and is computed when asked again', async () => {
    const page = await pages.open(`${sample}&token=${place}`, {})
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    let asked = 0
    await page.context().route('**/model.safetensors', async route => {
      // After the header.
      if (++asked > 3) await held
      await route.continue()
    })
    await page.click('.choice:nth-child(3) .choice-if')
    await poll(() => statusText(page)).toContain('Loading arith-qwen2: 0 of 4.8 MB')
    await page.keyboard.press('Escape')
    // At once, though the model is not read to its end.
    await poll(() => statusText(page)).toContain('a branch that is not computed')
    await poll(() => page.workers().filter(worker => isBranchWorker(worker.url())).length).toBe(0)
    release()
    expect(await page.isVisible('.branch-lines')).toBe(false)
    await page.click('text=Compute the branch')
    await wholeBranch(page)
    await close(page)
  })

  it('leaves no worker when the run is left while its model is opened', async () => {
    const page = await pages.open(`${sample}&token=${place}`, {})
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    await page.context().route('**/tokenizer.json', async route => {
      await held
      await route.continue()
    })
    const starting = page.waitForEvent('worker', worker => isBranchWorker(worker.url()))
    await page.click('.choice:nth-child(3) .choice-if')
    const worker = await starting
    const ended = worker.waitForEvent('close')
    await page.goto(`${pages.server.url}#/?run=./run/`)
    await page.waitForSelector('.table-row')
    release()
    await ended
    await close(page)
  })
})

describe('the tree', () => {
  it.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)('has nothing that axe-core finds, and fits: %s, %i', async (colorScheme, width) => {
    const page = await pages.open(`${sample}&token=${place}`)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 2400 })
    await page.goto(`${pages.server.url}#/?${sample}&token=${place}&branch=8:22`)
    await wholeBranch(page)
    await page.keyboard.press('i')
    expect(await axeViolations(page, 'main')).toEqual([])
    expect(
      await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'),
    ).toBe(true)
  })
})
