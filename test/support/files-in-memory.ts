import type { ModelFiles } from '../../core/files/weight-files.ts'
import { memoryByteSource } from './memory-byte-source.ts'

/** Files by name: a text as it is, anything else as JSON. The names that are asked for are added to `asked`. */
export function filesInMemory(files: Record<string, unknown>, asked: string[] = []): ModelFiles {
  return {
    name: 'folder',
    async open(name) {
      asked.push(name)
      if (!Object.hasOwn(files, name)) return null
      const content = files[name]
      const text = typeof content === 'string' ? content : JSON.stringify(content)
      return memoryByteSource(new TextEncoder().encode(text), name)
    },
  }
}
