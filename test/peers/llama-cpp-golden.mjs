// Runs golden sequences through llama.cpp and prints its numbers: node llama-cpp-golden.mjs FILE.gguf GOLDEN.json, in a
// process whose working folder holds node-llama-cpp. Prints a JSON list, a sequence each: the likeliest token and the entropy
// of the whole distribution (nats) at each step, each step given the golden tokens before it.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const entry = createRequire(`${process.cwd()}/`).resolve('node-llama-cpp')
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href)
const [modelPath, goldenPath] = process.argv.slice(2)
const { sequences } = JSON.parse(readFileSync(goldenPath, 'utf8'))
const llama = await getLlama({
  gpu: false,
  build: 'never',
  logLevel: LlamaLogLevel.error,
  skipDownload: true,
})
const model = await llama.loadModel({ modelPath })
const results = []
for (const { prompt_ids: prompt, steps } of sequences) {
  const tokens = [...prompt, ...steps.slice(0, -1).map(({ token }) => token)]
  const context = await model.createContext({ contextSize: tokens.length + 8 })
  const wanted = { generateNext: { probabilities: true } }
  const evaluated = await context
    .getSequence()
    .controlledEvaluate(tokens.map((token, at) => (at < prompt.length - 1 ? token : [token, wanted])))
  results.push(
    steps.map((_, step) => {
      // Likeliest first.
      const { probabilities } = evaluated[prompt.length - 1 + step].next
      let entropy = 0
      for (const p of probabilities.values()) if (p > 0) entropy -= p * Math.log(p)
      const [token] = probabilities.keys()
      return { token, entropy }
    }),
  )
  await context.dispose()
}
process.stdout.write(JSON.stringify(results), () => process.exit(0))
