import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, onTestFinished } from 'vitest'
import { promptMessages } from '../../core/evaluate/prompt.ts'
import { loadTokenizer } from '../../node-runner/models/load-tokenizer.ts'
import { changedModel } from '../../test/support/change-model.ts'
import { serveFolder } from '../../test/support/serve-folder.ts'
import { openPageModel } from './page-model.ts'

const parent = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(parent, { recursive: true }))

/** What ends answers in the page, of a model that states this token in its configs. */
async function stopsOf(stated: number | null): Promise<number[]> {
  const folder = changedModel(parent, 'models/arith-qwen2', file => {
    for (const name of ['config.json', 'generation_config.json'])
      writeFileSync(
        file(name),
        JSON.stringify({ ...JSON.parse(readFileSync(file(name), 'utf8')), eos_token_id: stated }),
      )
  })
  const server = await serveFolder(folder)
  onTestFinished(() => server.close())
  const model = await openPageModel({ address: server.address, longestTokens: 64, topLogprobs: 5 })
  const problem = 'What is 6 times 7?'
  const prompt = (await loadTokenizer(folder)).renderChat(promptMessages(problem))
  return model.stopIds(prompt, problem)
}

it("ends answers where the model's tokenizer and the recorded prompt end turns, where the run does not say", async () => {
  expect(await stopsOf(500)).toEqual([500, 502])
  expect(await stopsOf(null)).toEqual([])
})
