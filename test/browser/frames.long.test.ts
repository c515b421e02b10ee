import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultGradingRules } from '../../core/grade/grading-rules.ts'
import { createTraceWriter } from '../../core/record/traces.ts'
import { columnsOf } from '../../core/study/columns.ts'
import { encodeSummary } from '../../core/study/summary.ts'
import { openAtomicFile, writeFileAtomic } from '../../node-runner/files/write-file-atomic.ts'
import { pageFolder } from '../../node-runner/view/page-folder.ts'
import { serveView, type ViewServer } from '../../node-runner/view/serve-view.ts'
import { traceSample } from '../support/trace-sample.ts'
import { writeRun } from '../support/write-run.ts'
import { launchChromium } from './launch-chromium.ts'
import { longSample } from './replay-samples.ts'

const sampleCount = 100_000
const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
let server: ViewServer
let browser: Browser
let page: Page
beforeAll(async () => {
  writeLongRun()
  server = await serveView(
    pageFolder(() => {}),
    folder,
  )
  browser = await launchChromium()
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  rmSync(folder, { recursive: true })
})

/** 100,000 samples, of which the first has 4,000 tokens. */
function writeLongRun(): void {
  writeRun(folder, [], { limit: sampleCount })
  rmSync(join(folder, 'samples.jsonl'))
  const traces = openAtomicFile(join(folder, 'traces.parquet'))
  const writer = createTraceWriter(bytes => traces.write(bytes))
  const samples = function* () {
    for (let index = 0; index < sampleCount; index++) {
      const sample = index === 0 ? longSample(0, 4000) : traceSample(index, 2)
      writer.add(sample)
      yield sample
    }
  }
  const columns = columnsOf(samples())
  const index = writer.finish()
  traces.commit()
  writeFileAtomic(join(folder, 'summary.parquet'), encodeSummary(columns, index, defaultGradingRules))
}

/** What the page's own frame log says of what is done meanwhile, in per cent of frames. */
async function longFrames(what: string, act: () => Promise<void>): Promise<number> {
  await page.keyboard.press('Shift+F')
  await act()
  const log = (await page.textContent('.frame-log'))!
  await page.keyboard.press('Shift+F')
  console.log(`${what}: ${log}`)
  expect(Number.parseInt(log, 10)).toBeGreaterThan(200)
  return Number(/\(([\d.]+) %\)/.exec(log)![1])
}

/** The least of three: what else the machine does can only add. */
async function leastOfThree(measure: () => Promise<number>): Promise<number> {
  let least = 100
  for (let round = 0; round < 3 && least >= 1; round++) least = Math.min(least, await measure())
  return least
}

describe('less than one frame of a hundred takes over 33 ms', () => {
  it('while 100,000 rows are scrolled', async () => {
    await page.goto(server.url)
    await page.locator('.table-row').first().waitFor()
    await page.locator('.samples-table').hover()
    const scroll = () =>
      longFrames('scrolling 100,000 rows', async () => {
        for (let turn = 0; turn < 300; turn++) {
          await page.mouse.wheel(0, turn % 100 === 99 ? 500_000 : 240)
          await page.waitForTimeout(16)
        }
      })
    expect(await leastOfThree(scroll)).toBeLessThan(1)
  })

  it.each([20, 80, 320])('while 4,000 tokens are replayed, %d a second', async pace => {
    await page.goto(`${server.url}#/?sample=0.0&token=${pace === 320 ? 1000 : 2000}`)
    await page.locator('.token.current').waitFor()
    await page.selectOption('.pace', String(pace))
    const play = () =>
      longFrames(`replaying 4,000 tokens, ${pace} a second`, async () => {
        await page.focus('.answer-text')
        await page.keyboard.press(' ')
        await page.waitForTimeout(8000)
        await page.keyboard.press(' ')
      })
    expect(await leastOfThree(play)).toBeLessThan(1)
  })
})
