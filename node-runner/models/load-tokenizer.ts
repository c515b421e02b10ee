import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { ByteSource } from '../../core/files/byte-source.ts'
import type { ModelFiles } from '../../core/files/weight-files.ts'
import { isGgufName } from '../../core/model/gguf-files.ts'
import { openGgufMetadata } from '../../core/model/gguf-model.ts'
import { openGgufTokenizer } from '../../core/tokenizer/gguf-tokenizer.ts'
import { openTokenizer } from '../../core/tokenizer/open-tokenizer.ts'
import type { TemplateArguments } from '../../core/tokenizer/template-arguments.ts'
import type { Tokenizer, TokenizerEnds } from '../../core/tokenizer/tokenizer.ts'
import { type FileByteSource, openIfThere } from '../files/file-byte-source.ts'

/** What a chat template gets, and who hears of what a tokenizer is made from. */
export interface TokenizerOptions {
  /** Gets each file that it is read from; of one in GGUF, the header. */
  onFile?: (name: string, source: ByteSource) => Promise<void>
  /** Gets what the files hold in vain, in words. */
  say?: (warning: string) => void
  templateArguments?: TemplateArguments
}

/**
 * The tokenizer of a model folder, or of a file in GGUF, whose chat template gets the arguments. Reads no network. Throws
 * InputError when a file is missing or broken.
 */
export async function loadTokenizer(
  path: string,
  { onFile, say, templateArguments }: TokenizerOptions = {},
): Promise<Tokenizer & TokenizerEnds> {
  const opened: FileByteSource[] = []
  const open = async (folder: string, name: string) => {
    const source = await openIfThere(join(folder, name))
    if (source) opened.push(source)
    return source
  }
  try {
    if (isGgufName(path)) {
      const folder = dirname(path)
      const files = { name: folder, open: (name: string) => open(folder, name) }
      const { metadata, header } = await openGgufMetadata(files, basename(path))
      await onFile?.(basename(header.name), header)
      const tokenizer = openGgufTokenizer(metadata, templateArguments)
      for (const warning of tokenizer.warnings) say?.(warning)
      return tokenizer
    }
    const files: ModelFiles = {
      name: path,
      async open(name) {
        const source = await open(path, name)
        if (source) await onFile?.(name, source)
        return source
      },
    }
    return await openTokenizer(files, templateArguments)
  } finally {
    await Promise.all(opened.map(source => source.close()))
  }
}

/** Whether a folder has the vocabulary of a tokenizer, as every file in GGUF has. */
export function hasTokenizer(path: string): boolean {
  return isGgufName(path) || ['tokenizer.json', 'vocab.json'].some(name => existsSync(join(path, name)))
}
