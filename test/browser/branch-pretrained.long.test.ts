import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { continueInNode } from '../support/continue-in-node.ts'
import { pretrainedModel } from '../support/pretrained.ts'
import { expectSameTokens, poll, savedBranch, statusText, wholeBranch } from './branch-page.ts'
import { type ViewedGgufRun, viewGgufRun } from './view-gguf-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
let path: string
let viewed: ViewedGgufRun

beforeAll(async () => {
  path = await pretrainedModel('smollm2')
  const dataSet = join(folder, 'problems.jsonl')
  writeFileSync(dataSet, `${JSON.stringify({ problem: 'What is 2 + 3?', answer: '5' })}\n`)
  viewed = await viewGgufRun(path, '--dataset', dataSet, '--max-new-tokens', '6')
})
afterAll(async () => {
  await viewed?.close()
  rmSync(folder, { recursive: true })
})

it("answers with SmolLM2's file in GGUF as Node does, and fetches its weights once", async () => {
  const { recorded, pages, at } = viewed
  const place = 1
  const second = recorded.tokens.topIds[place]![1]!
  const page = await pages.open(`sample=0.0&branch=${place}:${second}`, { at })
  await poll(() => statusText(page)).toMatch(
    /has 9\d\.\d MB of weights to load, and will take about [\d.]+ MB/,
  )
  await page.click('text=Load it')
  await poll(() => statusText(page)).toMatch(/^Loading smollm2-135m-instruct-q4_1: [\d.]+ of 9\d\.\d MB/)
  await wholeBranch(page)
  expect(viewed.tensorReads()).toBeGreaterThan(200)
  const branch = await savedBranch(page)
  const inNode = await continueInNode(path, recorded, { maxNewTokens: 6, stopIds: [2] })
  const expected = await inNode([recorded.tokens.tokenId[0]!, second])
  expect(branch.tokens[0]).toMatchObject({ id: second, rank: 1 })
  expectSameTokens(branch.tokens.slice(1), expected.tokens)
  expect(await page.textContent('.branch-status')).toContain("The weights are the run's.")
  expect(await page.textContent('.branch-kept')).toMatch(/keeps 9\d\.\d MB of models/)

  // The recorded answer, which Node made, in another page that finds the weights in the browser.
  const again = await viewed.openLink(
    page.context(),
    `sample=0.0&branch=${place}:${recorded.tokens.tokenId[place]}`,
  )
  await poll(() => statusText(again)).toMatch(
    /9\d\.\d MB of weights to load, of which this browser keeps 9\d\.\d MB, and/,
  )
  await again.click('text=Load it')
  await wholeBranch(again)
  expect(viewed.tensorReads()).toBe(0)
  const tokens = (await savedBranch(again)).tokens.map(token => token.id)
  expect(tokens).toEqual(Array.from(recorded.tokens.tokenId).slice(place))
  expect(pages.reported).toEqual([])
})
