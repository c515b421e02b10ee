import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { TokenRecord } from '../../core/record/token.ts'
import { patienceMs } from './launch-chromium.ts'

/** A line of a file of branches, as far as tests read it. */
export interface SavedBranch {
  branch: string
  from: number
  generatedText: string
  extractedAnswer: string | null
  correct: boolean | null
  finishReason: string
  tokens: TokenRecord[]
}

/** Asks until it holds, with time enough for a machine that others use too. */
export const poll = <Value>(read: () => Value) => expect.poll(read, { interval: 40, timeout: patienceMs })

/** What the page says of what goes on. */
export const statusText = (page: Page) => page.locator('.branch-status [role=status]').textContent()

/** Waits until the branch that is shown is whole. */
export const wholeBranch = (page: Page) =>
  page.waitForSelector('.branch-line[aria-current] .branch-mark:not(.branch-running)')

/** The text of the answer that is shown. */
export const shownText = (page: Page) =>
  page.evaluate(
    `[...document.querySelectorAll('.token:not(.token-outside)')].map(token => token.textContent).join('')`,
  ) as Promise<string>

/** The lines of the tree. */
export const treeTexts = (page: Page) => page.locator('.branch-line').allTextContents()

/** The branch that is shown, as the page saves it. */
export async function savedBranch(page: Page): Promise<SavedBranch> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Save branches')])
  const text = readFileSync((await download.path())!, 'utf8')
  const branches = text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as SavedBranch)
  return branches.find(({ branch }) => page.url().endsWith(`branch=${branch}`))!
}

/** Holds the tokens of a branch to those that Node gives. */
export function expectSameTokens(tokens: readonly TokenRecord[], expected: readonly TokenRecord[]): void {
  expect(tokens.map(token => token.id)).toEqual(expected.map(token => token.id))
  expect(tokens.map(token => token.text)).toEqual(expected.map(token => token.text))
  expect(tokens.map(token => token.rank)).toEqual(expected.map(token => token.rank))
  expect(tokens.map(token => token.topIds)).toEqual(expected.map(token => token.topIds))
  for (const [index, token] of tokens.entries()) {
    expect(Math.abs(token.entropyNats - expected[index]!.entropyNats), `entropy ${index}`).toBeLessThan(1e-4)
    expect(Math.abs(token.logprob - expected[index]!.logprob), `logprob ${index}`).toBeLessThan(1e-4)
  }
}
