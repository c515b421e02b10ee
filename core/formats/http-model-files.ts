import { openHttpByteSource } from './http-byte-source.ts'
import type { ModelFiles } from './weight-files.ts'

/** The files of a model in one folder of an HTTP server that serves ranges; `folder` is the folder's address. */
export function httpModelFiles(folder: string): ModelFiles {
  const base = folder.endsWith('/') ? folder : `${folder}/`
  return { name: folder, open: name => openHttpByteSource(base + encodeURIComponent(name)) }
}
