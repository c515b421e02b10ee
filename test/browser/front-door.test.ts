import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generate, loadModel, openRun } from '../../index.ts'
import { launchChromium } from './launch-chromium.ts'
import { type PageServer, servePage } from './serve-page.ts'

const root = new URL('../../', import.meta.url)
const problem = 'Ann has 12 apples and gives away 5. How many has she now?'

let browser: Browser
let server: PageServer
beforeAll(async () => {
  server = await servePage(new URL('index.page.ts', root), {
    '/arith-qwen2': fileURLToPath(new URL('models/arith-qwen2', root)),
    '/without-tokenizer': fileURLToPath(new URL('test/models/random-tied', root)),
    '/gguf': fileURLToPath(new URL('test/models/gguf', root)),
    '/run': fileURLToPath(new URL('test/golden/run-0.1.0', root)),
  })
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

/** What the body of an async function makes in a page of the names that the front door exports. */
async function inPage<Result>(body: string): Promise<Result> {
  const page = await browser.newPage()
  try {
    await page.goto(server.origin)
    return (await page.evaluate(`import('/page.js').then(async door => { ${body} })`)) as Result
  } finally {
    await page.close()
  }
}

describe('the front door in a page', () => {
  it('answers, alone and over two devices, to the bit as in Node, and grades and analyses', async () => {
    const model = await loadModel('models/arith-qwen2', { adapter: 'cpu' })
    const expected = await generate(model, problem).finally(() => model.close())
    interface Found {
      texts: (string | null)[]
      entropies: number[][]
      isEqual: boolean
      correct: number
      bytes: number[]
    }
    const found = await inPage<Found>(`
      const found = { texts: [], entropies: [], bytes: [] }
      for (const ranks of [1, 2]) {
        const progress = []
        const model = await door.loadModel('arith-qwen2', { ranks, onProgress: (done, total) => progress.push(done / total) })
        try {
          const answer = await door.generate(model, ${JSON.stringify(problem)})
          found.texts.push(answer.text)
          found.entropies.push(answer.tokens.map(token => token.entropyNats))
          const verdict = door.gradeAnswer(answer.text, '7')
          found.isEqual = verdict.equal
          found.correct = door.analyse([{ problemId: '0', answer, verdict }]).correct
          found.bytes.push(progress.at(-1))
        } finally {
          await model.close()
        }
      }
      return found`)
    expect(found).toMatchObject({ isEqual: true, correct: 1, bytes: [1, 1] })
    expect(found.texts).toEqual([expected.text, expected.text])
    const [alone, split] = found.entropies
    expect(alone).toEqual(expected.tokens.map(token => token.entropyNats))
    for (const [index, entropy] of split!.entries())
      expect(Math.abs(entropy - alone![index]!)).toBeLessThan(1e-4)
  })

  it('answers with a file in GGUF as Node does', async () => {
    const prompt = { ids: [1, 20, 30, 40] }
    const model = await loadModel('test/models/gguf/tiny-qwen2-q4_1.gguf', { adapter: 'cpu' })
    const expected = await generate(model, prompt, { maxNewTokens: 8 }).finally(() => model.close())
    const found = await inPage<unknown>(`
      const model = await door.loadModel('gguf/tiny-qwen2-q4_1.gguf?any=query')
      const { tokens, text } = await door.generate(model, ${JSON.stringify(prompt)}, { maxNewTokens: 8 })
      await model.close()
      return { name: model.name, text, entropies: tokens.map(token => token.entropyNats) }`)
    const entropies = expected.tokens.map(token => token.entropyNats)
    expect(found).toEqual({ name: 'tiny-qwen2-q4_1', text: expected.text, entropies })
  })

  it('opens a run by its address and by its files, as Node does', async () => {
    const run = await openRun('test/golden/run-0.1.0')
    const expected = Array.from((await run.readSample(1)).tokens.entropyNats)
    await run.close()
    const names = ['run.json', 'summary.parquet', 'traces.parquet']
    const contents = names.map(name => [name, readFileSync(`test/golden/run-0.1.0/${name}`, 'base64')])
    const found = await inPage<number[][]>(`
      const byAddress = await door.openRun('run')
      const fileOf = async ([name, content]) =>
        new File([await (await fetch('data:application/octet-stream;base64,' + content)).blob()], name)
      const files = await Promise.all(${JSON.stringify(contents)}.map(fileOf))
      const byFiles = await door.openRun(files)
      return Promise.all([byAddress, byFiles].map(async run => Array.from((await run.readSample(1)).tokens.entropyNats)))`)
    expect(found).toEqual([expected, expected])
  })

  it('takes ids where the model has no tokenizer, and says what a page cannot do', async () => {
    const found = await inPage<{ count: number; messages: string[] }>(`
      const messages = []
      const refused = promise => promise.catch(error => messages.push(error.message))
      await refused(door.loadModel('file:///models/arith-qwen2'))
      await refused(door.openRun('file:///run'))
      await refused(door.loadModel('nowhere'))
      const model = await door.loadModel('without-tokenizer')
      const { tokens, text } = await door.generate(model, { ids: [1, 2, 3] }, { maxNewTokens: 4 })
      await refused(door.generate(model, 'a text'))
      await model.close()
      return { count: text === null ? tokens.length : -1, messages }`)
    expect(found.count).toBe(4)
    expect(found.messages).toEqual([
      expect.stringMatching(/^loadModel: file:.* is no http address, which a page needs; .* in Node/),
      expect.stringMatching(/^openRun: file:.* or here as files/),
      expect.stringMatching(/nowhere.*found no config\.json/),
      expect.stringMatching(/has no tokenizer, expected a prompt as \{ ids/),
    ])
  })
})
