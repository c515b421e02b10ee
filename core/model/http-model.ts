import type { GgufMetadata } from '../files/gguf.ts'
import { type AroundSource, httpModelFiles } from '../files/http-byte-source.ts'
import type { ModelFiles } from '../files/weight-files.ts'
import { type Checkpoint, openCheckpoint, openConfig } from './checkpoint.ts'
import { isGgufName } from './gguf-files.ts'
import { httpModelName } from './model-name.ts'

/** A model that is read by HTTP, open and checked. */
export interface HttpModel extends Checkpoint {
  /** After its folder or its file. */
  name: string
  /** Its files, of which its tokenizer is made; or those metadata of a file in GGUF. */
  tokenizerFrom: { files: ModelFiles } | { metadata: GgufMetadata }
}

/**
 * Opens a model by the address of its folder, or of its file in GGUF, on a server that serves ranges, and checks all of it but
 * the tensors' data, which it does not read. The code for GGUF is loaded when a file is in it. Throws InputError.
 */
export async function openHttpModel(address: string, around?: AroundSource): Promise<HttpModel> {
  const name = httpModelName(address)
  const { pathname, search } = new URL(address)
  if (!isGgufName(pathname)) {
    const files = httpModelFiles(address, around)
    const config = await openConfig(
      files,
      'found no config.json, expected the folder of a model, or the address of a file in GGUF itself; check the address',
    )
    return { ...(await openCheckpoint(files, config)), name, tokenizerFrom: { files } }
  }
  const { openGgufModel } = await import('./gguf-model.ts')
  const files = httpModelFiles(new URL('.', address).href, around, search)
  const fileName = decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1))
  const { metadata, ...checkpoint } = await openGgufModel(files, fileName)
  return { ...checkpoint, name, tokenizerFrom: { metadata } }
}
