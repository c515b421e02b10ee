import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ByteSource } from '../../core/files/byte-source.ts'
import type { ModelFiles } from '../../core/files/weight-files.ts'
import { openTokenizer } from '../../core/tokenizer/open-tokenizer.ts'
import type { TemplateArguments } from '../../core/tokenizer/template-arguments.ts'
import type { Tokenizer, TokenizerEnds } from '../../core/tokenizer/tokenizer.ts'
import { type FileByteSource, openIfThere } from '../files/file-byte-source.ts'

/**
 * The tokenizer of a model folder, whose chat template gets the arguments; `onFile` gets each file that it is read from. Reads no
 * network. Throws InputError when a file is missing or broken.
 */
export async function loadTokenizer(
  folder: string,
  onFile?: (name: string, source: ByteSource) => Promise<void>,
  templateArguments?: TemplateArguments,
): Promise<Tokenizer & TokenizerEnds> {
  const opened: FileByteSource[] = []
  try {
    const files: ModelFiles = {
      name: folder,
      async open(name) {
        const source = await openIfThere(join(folder, name))
        if (!source) return null
        opened.push(source)
        await onFile?.(name, source)
        return source
      },
    }
    return await openTokenizer(files, templateArguments)
  } finally {
    await Promise.all(opened.map(source => source.close()))
  }
}

/** Whether a folder has the vocabulary of a tokenizer. */
export function hasTokenizer(folder: string): boolean {
  return ['tokenizer.json', 'vocab.json'].some(name => existsSync(join(folder, name)))
}
