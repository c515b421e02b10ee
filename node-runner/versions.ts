import { createRequire } from 'node:module'
import packageJson from '../package.json' with { type: 'json' }

/** Versions of what a result depends on. */
export interface Versions {
  entrace: string
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
    node: process.version,
    webgpu: webgpu.version,
    platform: `${process.platform} ${process.arch}`,
  }
}
