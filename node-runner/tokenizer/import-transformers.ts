import { registerHooks } from 'node:module'

/** What @huggingface/transformers exports. */
export type Transformers = typeof import('@huggingface/transformers')

/** The native packages that @huggingface/transformers loads without a tokenizer's needing them. */
const unusedPackages = /^(onnxruntime-(node|web|common)|sharp)(\/|$)/

let transformers: Promise<Transformers> | undefined

/**
 * Imports @huggingface/transformers without its inference runtimes: `unused-runtime.ts` takes their place, so that
 * neither their shared libraries nor their install scripts are needed. A bundle puts it there by alias instead.
 */
export function importTransformers(): Promise<Transformers> {
  transformers ??= importWithoutRuntimes()
  return transformers
}

async function importWithoutRuntimes(): Promise<Transformers> {
  const url = new URL('./unused-runtime.ts', import.meta.url).href
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      if (!unusedPackages.test(specifier)) return nextResolve(specifier, context)
      return { url, shortCircuit: true }
    },
  })
  try {
    return await import('@huggingface/transformers')
  } finally {
    // Other importers in this process get the real packages.
    hooks.deregister()
  }
}
