import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { openGguf } from '../../core/files/gguf.ts'
import { formatSignificant as significant } from '../../core/format-number.ts'
import { dequantize } from '../../kernels/pack-weight/dequantize.ts'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'
import { swiftshaderFiles } from '../../node-runner/adapter/vulkan-driver.ts'
import type { BenchedModel } from '../../node-runner/commands/bench.ts'
import { spreadOf } from '../../node-runner/measure/timing.ts'
import { describeWhere } from '../support/describe-where.ts'
import { decodeGguf, encodeGguf } from '../support/encode-gguf.ts'
import { memoryByteSource } from '../support/memory-byte-source.ts'
import { pretrainedModel } from '../support/pretrained.ts'
import { nodeLlamaCpp, npmPackage } from './npm-package.ts'

const page = new URL('../../docs/speed.md', import.meta.url)
const promptTokens = 32
const newTokens = 8
const rounds = 3
/** Both engines multiply these as the file holds them. */
const weightTypes = ['f32', 'f16', 'q4_1'] as const

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Milliseconds of a prompt, and of each token after it. */
interface Times {
  promptMs: number
  tokenMs: number[]
}

/** The model of a GGUF file with its matrices in another type, in a file of its own. */
async function converted(file: string, type: 'f32' | 'f16'): Promise<string> {
  const bytes = readFileSync(file)
  const { tensors } = await openGguf(memoryByteSource(bytes))
  const { metadata } = await decodeGguf(bytes)
  const encoded = Array.from(tensors.values(), ({ name, dims, type: before, start, byteLength }) => {
    const data = bytes.subarray(start, start + byteLength)
    if (dims.length === 1) return { name, dims, type: 0, data }
    const numbers = dequantize(before as Parameters<typeof dequantize>[0], data)
    const made = type === 'f32' ? numbers : new Float16Array(numbers)
    return { name, dims, type: type === 'f32' ? 0 : 1, data: new Uint8Array(made.buffer) }
  })
  const path = join(folder, `smollm2-${type}.gguf`)
  writeFileSync(path, encodeGguf(metadata, encoded))
  return path
}

function runEntrace(file: string): Times & { adapter: string } {
  const flags = [
    '--sequences',
    '1',
    '--prompt-tokens',
    promptTokens,
    '--new-tokens',
    newTokens,
    '--rounds',
    1,
  ]
  const program = ['--import', './node-runner/wgsl-loader.mjs', 'node-runner/entrace.ts', 'bench']
  const args = [...program, '--model', file, ...flags, '--adapter', 'auto', '--json', '--quiet'].map(String)
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  const { adapter, speeds } = JSON.parse(stdout) as BenchedModel
  const { firstToken, betweenTokens } = speeds[0]!
  return { adapter, promptMs: firstToken.medianMs, tokenMs: [betweenTokens.medianMs] }
}

function runLlamaCpp(file: string): Times {
  const script = fileURLToPath(new URL('llama-cpp-speed.mjs', import.meta.url))
  const loader = swiftshaderFiles()?.loader
  const libraries = [process.env.LD_LIBRARY_PATH, loader && dirname(loader)].filter(Boolean).join(delimiter)
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [script, file, String(promptTokens), String(newTokens)],
    {
      cwd: npmPackage(nodeLlamaCpp),
      encoding: 'utf8',
      // Without the device's number it takes no CPU adapter, and computes by itself without a word.
      env: { ...process.env, GGML_VK_VISIBLE_DEVICES: '0', LD_LIBRARY_PATH: libraries },
    },
  )
  expect(status, stderr).toBe(0)
  const { devices, gpuLayers, ...times } = JSON.parse(stdout) as Times & {
    devices: string[]
    gpuLayers: number
  }
  expect(devices.join()).toMatch(/llvmpipe/)
  expect(gpuLayers).toBeGreaterThan(0)
  return times
}

/** Whether `auto` takes lavapipe here, as it is installed or as VK_DRIVER_FILES names it. */
const isLavapipe = await openAdapter('auto').then(
  ({ adapter }) => /\bllvmpipe\b/.test(adapter.info.description),
  () => false,
)

describeWhere(
  isLavapipe,
  "no lavapipe from Mesa 25 on here (VK_DRIVER_FILES names a driver's manifest)",
  'on lavapipe',
  () => {
    it('is ahead of the Vulkan kernels of llama.cpp, in prompts and answers, with every type of weights', async () => {
      const original = await pretrainedModel('smollm2')
      const rows: string[] = []
      let adapter = ''
      for (const type of weightTypes) {
        const file = type === 'q4_1' ? original : await converted(original, type)
        const samples = { entrace: [] as Times[], llama: [] as Times[] }
        for (let round = 0; round < rounds; round++) {
          const ours = runEntrace(file)
          adapter = ours.adapter
          samples.entrace.push(ours)
          samples.llama.push(runLlamaCpp(file))
        }
        const prefill = (times: Times[]) => spreadOf(times.map(({ promptMs }) => promptMs / promptTokens))
        const decode = (times: Times[]) => spreadOf(times.flatMap(({ tokenMs }) => tokenMs))
        const shown = ({ medianMs, lowerQuartileMs, upperQuartileMs }: ReturnType<typeof spreadOf>) =>
          `${significant(1000 / medianMs)} (${significant(1000 / upperQuartileMs)}–${significant(1000 / lowerQuartileMs)})`
        for (const [engine, times] of [
          ['Entrace', samples.entrace],
          ['llama.cpp, Vulkan', samples.llama],
        ] as const)
          rows.push(
            `| ${type.toUpperCase()} | ${engine} | ${shown(prefill(times))} | ${shown(decode(times))} |`,
          )
        expect
          .soft(prefill(samples.entrace).medianMs, `${type}, prompt`)
          .toBeLessThan(prefill(samples.llama).medianMs)
        expect
          .soft(decode(samples.entrace).medianMs, `${type}, answer`)
          .toBeLessThan(decode(samples.llama).medianMs)
        console.log(rows.slice(-2).join('\n'))
      }
      writeFileSync(page, document(adapter, rows))
      expect(existsSync(page)).toBe(true)
    })
  },
)

function document(adapter: string, rows: readonly string[]): string {
  return `# Speed beside llama.cpp's Vulkan kernels

SmolLM2-135M-Instruct on ${adapter}, ${new Date().toISOString().slice(0, 10)}: tokens a second of a prompt of ${promptTokens} tokens and of
the ${newTokens} tokens after it, one sequence; the median of ${rounds} runs of each engine in turn, and the quartiles. llama.cpp
(${nodeLlamaCpp}) computes on the same adapter. Entrace records the entropy and the 20 largest logits of every token besides.
\`npm run test:long -- test/peers/llama-cpp-speed.long\` writes this page, with VK_DRIVER_FILES naming lavapipe where it is not
installed as the system's.

| weights | engine | prompt, tokens/s | answer, tokens/s |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}
