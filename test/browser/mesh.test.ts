import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectClose } from '../support/expect-close.ts'
import { launchChromium } from './launch-chromium.ts'
import type { MeshAnswer, MeshRequest } from './mesh-page.ts'
import { type PageServer, servePage } from './serve-page.ts'

/** What this test reads of golden/*.json (see golden/README.md). */
interface Golden {
  sequences: { name: string; prompt_ids: number[]; steps: { token: number; entropy: number }[] }[]
}

const root = new URL('../../', import.meta.url)
const folders = {
  'random-tied': fileURLToPath(new URL('test/models/random-tied', root)),
  'arith-qwen2': fileURLToPath(new URL('models/arith-qwen2', root)),
}
const readGolden = (name: keyof typeof folders) =>
  JSON.parse(readFileSync(new URL(`test/golden/${name}.json`, root), 'utf8')) as Golden

// No margin between the two likeliest tokens of these sequences is below 2.5e-3, so that every token has to agree.
const cases = [
  { model: 'random-tied', ranks: 1, kernels: null, longest: 200, sequences: 4, steps: 12 },
  { model: 'random-tied', ranks: 2, kernels: null, longest: 200, sequences: 4, steps: 12 },
  // 28 query heads and 4 key-value heads.
  { model: 'arith-qwen2', ranks: 2, kernels: null, longest: 50, sequences: 2, steps: 30 },
  // What a page runs on a GPU. On one device: this adapter takes seconds to compile them, for each device again.
  { model: 'random-tied', ranks: 1, kernels: 'gpu', longest: 3, sequences: 1, steps: 12 },
] as const

let browser: Browser
let server: PageServer
beforeAll(async () => {
  server = await servePage(new URL('./mesh-page.ts', import.meta.url), {
    '/random-tied': folders['random-tied'],
    '/arith-qwen2': folders['arith-qwen2'],
  })
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

describe('in a page of Chromium', () => {
  for (const { model, ranks, kernels, longest, sequences: count, steps: most } of cases)
    it(`${model} on ${ranks} ${ranks === 1 ? 'device' : 'devices'} with the ${kernels ?? "adapter's"} kernels agrees with float64`, async () => {
      const sequences = readGolden(model)
        .sequences.filter(({ prompt_ids }) => prompt_ids.length <= longest)
        .slice(0, count)
        .map(({ steps, ...sequence }) => ({ ...sequence, steps: steps.slice(0, most) }))
      expect(sequences).toHaveLength(count)
      const { answers, devices } = await runInPage({
        model: `${server.origin}/${model}`,
        ranks,
        ...(kernels && { kernels }),
        prompts: sequences.map(sequence => sequence.prompt_ids),
        maxNewTokens: most,
      })
      expect(devices).toHaveLength(ranks)
      for (const device of devices) {
        expect(device).toMatchObject({ name: 'google swiftshader', kind: kernels ?? 'cpu' })
        expect(device.dispatches).toBeGreaterThan(100)
      }
      for (const [index, { name, steps }] of sequences.entries()) {
        const { ids, entropies, error } = answers[index]!
        expect(error).toBeNull()
        expect(ids, name).toEqual(steps.map(step => step.token))
        const expected = steps.map(step => step.entropy)
        expectClose(`${model}, ${name}, entropy`, entropies, expected, { absolute: 2e-5, relative: 2e-5 })
      }
    })

  it('a missing model is said to be missing', async () => {
    const request = { model: `${server.origin}/missing`, ranks: 1, prompts: [[1]], maxNewTokens: 1 }
    await expect(runInPage(request)).rejects.toThrow(/missing: config.json is missing/)
  })
})

it('a browser that does not start fails with the reason', async () => {
  const broken = launchChromium({ executable: '/bin/false', libraries: null })
  await expect(broken).rejects.toThrow(/browser test: \/bin\/false did not start/)
})

/** Runs the mesh in a fresh page. Fails when the page fails, or reports an error or a warning: what it does not await. */
async function runInPage(request: MeshRequest): Promise<MeshAnswer> {
  const page: Page = await browser.newPage()
  const reported: string[] = []
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) reported.push(message.text())
  })
  page.on('pageerror', error => reported.push(String(error)))
  page.on('crash', () => reported.push('the page crashed'))
  try {
    await page.goto(server.origin)
    expect(await page.evaluate('globalThis.crossOriginIsolated')).toBe(true)
    expect(await page.evaluate('typeof globalThis.process'), 'Node globals in the page').toBe('undefined')
    const running = page.evaluate(
      `import('/page.js').then(page => page.runMesh(${JSON.stringify(request)}))`,
    ) as Promise<MeshAnswer>
    const answer = await running.catch(error => {
      throw new Error([error.message, 'the page reported:', ...reported].join('\n'), { cause: error })
    })
    expect(reported, 'reported by the page').toEqual([])
    return answer
  } finally {
    await page.close()
  }
}
