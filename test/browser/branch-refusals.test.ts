import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { serveView } from '../../node-runner/view/serve-view.ts'
import { writeLargeModel } from '../support/write-large-model.ts'
import { poll, shownText, statusText, treeTexts, wholeBranch } from './branch-page.ts'
import { type BranchPages, demo, model, openBranchPages } from './open-branch-pages.ts'

const sample = 'sample=7.0'
const place = 8

let folder: string
let pages: BranchPages
// A page that compiles kernels on a processor that others use takes its time.

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'entrace-branch-'))
  pages = await openBranchPages()
})
afterEach(() => {
  expect(pages.reported).toEqual([])
})
afterAll(async () => {
  await pages?.close()
  rmSync(folder, { recursive: true, force: true })
})

const close = (page: Page) => page.context().close()

describe('what if says plainly', () => {
  const refusals = [
    ['that a browser has no WebGPU', { script: 'delete Navigator.prototype.gpu' }, /has no WebGPU/],
    [
      'that what the address names is no model',
      { query: '?model=/run/' },
      /found no config\.json, expected the folder of a model/,
    ],
  ] as const
  it.each(refusals)('%s', async (_, options, message) => {
    const page = await pages.open(`${sample}&token=${place}`, options)
    await page.click('.choice:nth-child(2) .choice-if')
    await poll(() => statusText(page)).toMatch(message)
    // The browser's own word on what is not there.
    pages.reported.splice(0, Infinity, ...pages.reported.filter(text => !/404/.test(text)))
    // The recorded answer can be read all the same.
    expect(await shownText(page)).toContain('72 - 66 = 6. 6 / 3 = 2.')
    await close(page)
  })

  it('that the device was lost, and takes a new one when asked again', async () => {
    const page = await pages.open(`${sample}&token=${place}`, {})
    const starting = page.waitForEvent('worker', worker => worker.url().includes('branch-worker'))
    // The tokens of a text are asked of the model's tokenizer.
    await page.keyboard.press('i')
    await page.keyboard.press('Tab')
    await page.keyboard.type('7')
    const worker = await starting
    await worker.evaluate(`(() => {
      const { requestDevice } = GPUAdapter.prototype
      GPUAdapter.prototype.requestDevice = async function (...how) {
        return (globalThis.device = await requestDevice.apply(this, how))
      }
    })()`)
    await page.click('.choice:nth-child(2) .choice-if')
    await wholeBranch(page)
    await worker.evaluate('globalThis.device.destroy()')
    await page.click('.choice:nth-child(4) .choice-if')
    await poll(() => statusText(page)).toMatch(/device google swiftshader was lost/)
    await page.click('text=Compute the branch')
    await wholeBranch(page)
    expect(await treeTexts(page)).toHaveLength(3)
    await close(page)
  })

  it('that no model is at hand', async () => {
    const at = await serveView(pages.pageFiles, demo)
    const page = await pages.open(`${sample}&branch=8:22`, { at })
    await poll(() => statusText(page)).toMatch(/No model is at hand.*--model PATH/)
    await close(page)
    await at.close()
  })

  it('that the model is another than the run had, and computes all the same', async () => {
    const out = join(folder, 'other')
    cpSync(demo, out, { recursive: true })
    const path = join(out, 'run.json')
    const run = JSON.parse(readFileSync(path, 'utf8'))
    run.model.weightDigest = '0'.repeat(64)
    writeFileSync(path, JSON.stringify(run))
    const at = await serveView(pages.pageFiles, out, 0, [], model)
    const page = await pages.open(`${sample}&branch=8:22`, { at })
    await wholeBranch(page)
    expect(await page.textContent('.branch-status')).toContain("This is another model than the run's")
    await close(page)
    await at.close()
  })

  it('that a link names no branch, or one that its answer has no room for', async () => {
    const page = await pages.open(`${sample}&branch=9:x`)
    await poll(() => statusText(page)).toContain('the branch 9:x, which is none')
    expect(await page.isVisible('text=Compute the branch')).toBe(false)
    await page.goto(`${pages.server.url}#/?${sample}&branch=99:1`)
    await expect.poll(() => statusText(page)).toContain('at token 100, but that answer has 28 tokens')
    await page.goto(`${pages.server.url}#/?${sample}&branch=8:99999`)
    await poll(() => statusText(page)).toContain('token id 99999 is not in the vocabulary')
  })

  it('what a large model costs, and loads none that is not wanted', async () => {
    const path = join(folder, 'large')
    writeLargeModel(path, model.path, 250_000)
    const at = await serveView(pages.pageFiles, demo, 0, [], { path, name: 'large' })
    const page = await pages.open(`${sample}&branch=8:22`, { at })
    await expect.poll(() => statusText(page)).toMatch(/large has \d+ MB of weights to load, .* about \d+ MB/)
    await page.click('text=Leave it')
    await poll(() => statusText(page)).toContain('a branch that is not computed')
    await close(page)
    await at.close()
  })
})
