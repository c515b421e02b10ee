import { ggufModelName, isGgufName } from './gguf-files.ts'

const part = '[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?'
const pattern = new RegExp(`^${part}(/${part})?$`)

/**
 * Whether a name can only be that of a model, "name" or "organisation/name" as on the Hub, and never a path to elsewhere:
 * what a run calls its model is the word of whoever wrote the run.
 */
export function isModelName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= 96 && pattern.test(name) && !/--|\.\./.test(name)
}

/** What a model is called after the last part of its address. */
export function httpModelName(address: string): string {
  const last = decodeURIComponent(new URL(address).pathname.split('/').filter(Boolean).at(-1) ?? address)
  return isGgufName(last) ? ggufModelName(last) : last
}
