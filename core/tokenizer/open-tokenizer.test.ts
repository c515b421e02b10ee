import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import golden from '../../test/golden/prompts.json' with { type: 'json' }
import { type PromptFolder, promptFolders } from '../../test/golden/prompts-folders.ts'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import type { ModelFiles } from '../formats/weight-files.ts'
import { type ModelTokenizer, openTokenizer } from './open-tokenizer.ts'

/** What Transformers made of a folder. */
interface Facts {
  addedTokens: Record<string, [id: number, special: boolean]>
  chats: ({ rendered: string; ids: number[] } | { error: string })[]
  texts: number[][]
}
const facts = golden.folders as unknown as Record<string, Facts>

function filesOf({ files }: Pick<PromptFolder, 'files'>, asked: string[] = []): ModelFiles {
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

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(golden.now) })
})
afterAll(() => {
  vi.useRealTimers()
})

it('has the facts of every folder', () => {
  expect(Object.keys(facts)).toEqual(Object.keys(promptFolders))
})

describe.each(Object.entries(promptFolders))('as Transformers reads it: %s', (name, folder) => {
  const { addedTokens, chats, texts } = facts[name]!
  let tokenizer: ModelTokenizer
  beforeAll(async () => {
    tokenizer = await openTokenizer(filesOf(folder))
  })

  it('has the added tokens', () => {
    for (const [content, [id, special]] of Object.entries(addedTokens)) {
      expect(tokenizer.encode(content), content).toEqual([id])
      expect(tokenizer.tokenText(id)).toBe(content)
      expect(tokenizer.decode([id])).toBe(special ? '' : content)
    }
    expect(tokenizer.vocabularySize).toBe(Math.max(...Object.values(addedTokens).map(([id]) => id)) + 1)
  })

  it('encodes texts', () => {
    expect(folder.texts.map(text => tokenizer.encode(text))).toEqual(texts)
  })

  it('renders conversations and encodes them', () => {
    for (const [index, messages] of folder.chats.entries()) {
      const expected = chats[index]!
      if ('error' in expected) {
        expect(() => tokenizer.encodeChat(messages)).toThrow(expected.error)
        continue
      }
      expect(tokenizer.renderChat(messages)).toBe(expected.rendered)
      expect(tokenizer.encodeChat(messages)).toEqual(expected.ids)
      // A page has the rendered prompt and the problem, which it finds where the template writes it as it is.
      const [problem] = messages.map(({ content }) => content)
      if (messages.length === 1 && expected.rendered.split(problem!).length === 2)
        expect(tokenizer.encodePrompt(expected.rendered, problem!)).toEqual(expected.ids)
    }
  })
})
