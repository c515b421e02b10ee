import { globSync } from 'node:fs'
import { basename } from 'node:path'

/** Those of families are named by the family's model, the others by their type. */
const named: Record<string, string> = {
  'tiny-llama3-bf16': 'tiny-llama3',
  'tiny-qwen3-bf16': 'tiny-qwen3',
  'tiny-gemma3-f16': 'gguf-gemma3',
}

/** The golden file of every small model in GGUF, and where the model is: all types of weights, and a mix of them. */
export const ggufGoldens = globSync('test/models/gguf/tiny-*.gguf')
  .sort()
  .map(path => {
    const name = basename(path, '.gguf')
    return { model: named[name] ?? name.replace(/^tiny-\w+-/, 'gguf-'), path }
  })
