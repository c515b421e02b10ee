import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { GenerateOptions, Generation } from '../core/generate/generate.ts'
import { generateOnMesh } from '../core/generate/generate-on-mesh.ts'
import { loadModel } from '../core/model/load-model.ts'
import { type Device, openDevice } from '../kernels/gpu/device.ts'
import { openAdapter } from '../node-runner/adapter/dawn.ts'
import { openModelFolder } from '../node-runner/models/open-model.ts'

/** Where two tokens are as likely as this, another order of adding may choose the other one. */
const nearTie = 1e-3
const newTokens = 16
const meshes = [2, 3, 4, 5, 7, 8, 14]
const options: GenerateOptions = {
  maxNewTokens: newTokens,
  stopIds: new Set(),
  sampling: { temperature: 0, seed: 0 },
  topLogprobs: 5,
  tokenText: null,
}

/** Answers to the prompts of a model's golden file on a mesh of so many ranks, in their order. */
async function answersOn(folder: string, prompts: number[][], ranks: number): Promise<Generation[]> {
  const devices: Device[] = []
  const files = await openModelFolder(folder)
  try {
    for (let rank = 0; rank < ranks; rank++) devices.push(await openDevice(await openAdapter('cpu')))
    const limits = { sequences: prompts.length, capacity: 128, topK: 5 }
    const weights = { where: folder, entries: files.weights }
    const { ranks: models } = await loadModel(devices, { config: files.config, weights, limits })
    const requests = prompts.map((promptIds, key) => ({ promptIds, key }))
    const answers = await generateOnMesh(models, requests, options)
    return answers.sort((a, b) => a.request.key - b.request.key).map(({ generation }) => generation)
  } finally {
    await files.close()
    for (const device of devices) device.destroy()
  }
}

describe.each([
  ['arith-qwen2', 'models/arith-qwen2'],
  ['random-14-heads', 'test/models/random-14-heads'],
  ['random-tied', 'test/models/random-tied'],
  ['random-two-files', 'test/models/random-two-files'],
])('%s', (name, folder) => {
  it(`answers alike on 1, ${meshes.join(', ')} ranks`, async () => {
    const golden = JSON.parse(readFileSync(`test/golden/${name}.json`, 'utf8'))
    const sequences = golden.sequences as { prompt_ids: number[] }[]
    const prompts = sequences.map(({ prompt_ids }) => prompt_ids.slice(0, 100)).slice(0, 5)
    const alone = await answersOn(folder, prompts, 1)
    const tokens = prompts.length * newTokens
    for (const ranks of meshes) {
      const together = await answersOn(folder, prompts, ranks)
      let compared = 0
      let worst = 0
      for (const [i, { tokens: expected }] of alone.entries()) {
        const found = together[i]!.tokens
        const differs = expected.findIndex((token, step) => found[step]?.id !== token.id)
        if (differs !== -1)
          expect(expected[differs]!.margin, `${ranks} ranks, prompt ${i}`).toBeLessThan(nearTie)
        for (const [step, token] of expected.slice(0, differs === -1 ? undefined : differs).entries()) {
          worst = Math.max(worst, Math.abs(found[step]!.entropyNats - token.entropyNats))
          compared++
        }
      }
      console.log(
        `${name}, ${ranks} ranks: ${compared} of ${tokens} tokens alike, entropies within ${worst.toExponential(1)} nats`,
      )
      expect(compared, `${ranks} ranks: tokens before a near tie`).toBeGreaterThan(0.9 * tokens)
      expect(worst, `${ranks} ranks: entropies`).toBeLessThan(1e-4)
    }
  })
})
