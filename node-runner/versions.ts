import { createRequire } from 'node:module'
import packageJson from '../package.json' with { type: 'json' }

/**
 * A number for the bits of results. It is raised by whoever changes code so that a run of the same settings on the same
 * machine would record another token, number or text than before: an order of summation, a kernel's arithmetic, the noise
 * of sampling, the making of a prompt or of its tokens. It is not raised for what a run records as a setting of its own,
 * nor for grading and statistics, which are made anew from the journal. 0.1.0 did not record it and counts as 1: where it
 * rendered or encoded a prompt otherwise, a resume finds that by the prompts and their lengths in the journal.
 */
export const bitsNumber = 1

/** Versions of what a result depends on. */
export interface Versions {
  /** Of the package. In no hash: `bits` says whether its releases compute alike. */
  entrace: string
  /** See `bitsNumber`; absent in runs of 0.1.0. */
  bits?: number
  node: string
  /** Of the npm package `webgpu`, which carries Dawn. */
  webgpu: string
  /** Operating system and processor, as Node names them. */
  platform: string
}

/** The versions in this process. */
export function versions(): Versions {
  const require = createRequire(import.meta.url)
  const webgpu = require('webgpu/package.json') as { version: string }
  return {
    entrace: packageJson.version,
    bits: bitsNumber,
    node: process.version,
    webgpu: webgpu.version,
    platform: `${process.platform} ${process.arch}`,
  }
}

/** The versions in one line, as reports of a machine begin. */
export function describeVersions({ entrace, node, webgpu, platform }: Versions): string {
  return `entrace ${entrace}, Node ${node}, Dawn of webgpu ${webgpu}, ${platform}`
}
