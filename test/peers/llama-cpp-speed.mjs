// Times llama.cpp's Vulkan kernels: node llama-cpp-speed.mjs FILE.gguf PROMPT_TOKENS NEW_TOKENS, in a process whose working folder
// holds node-llama-cpp. Prints JSON: the devices that it computes on, and milliseconds of the prompt and of each token.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const entry = createRequire(`${process.cwd()}/`).resolve('node-llama-cpp')
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href)
const [modelPath, promptTokens, newTokens] = process.argv.slice(2)
const llama = await getLlama({
  gpu: 'vulkan',
  build: 'never',
  logLevel: LlamaLogLevel.error,
  skipDownload: true,
})
const devices = await llama.getGpuDeviceNames()
const model = await llama.loadModel({ modelPath, gpuLayers: 'max' })
const context = await model.createContext({ contextSize: Number(promptTokens) + Number(newTokens) + 32 })

/** Runs a prompt, and some tokens after it one at a time; the milliseconds of each. */
async function run(seed) {
  const prompt = Array.from({ length: Number(promptTokens) }, (_, i) => 5 + ((seed * 131 + i * 7) % 20000))
  const sequence = context.getSequence()
  const startMs = performance.now()
  const { token, times } = await (async () => {
    const answers = sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })
    const times = []
    let beforeMs = startMs
    let token = null
    for await (token of answers) {
      const nowMs = performance.now()
      times.push(nowMs - beforeMs)
      beforeMs = nowMs
      if (times.length > Number(newTokens)) break
    }
    return { token, times }
  })()
  await sequence.clearHistory()
  sequence.dispose()
  return { token, promptMs: times[0], tokenMs: times.slice(1) }
}

await run(0)
const measured = await run(1)
process.stdout.write(JSON.stringify({ devices, gpuLayers: model.gpuLayers, ...measured }), () =>
  process.exit(0),
)
