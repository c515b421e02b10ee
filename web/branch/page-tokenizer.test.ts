import { describe, expect, it } from 'vitest'
import { openGguf } from '../../core/files/gguf.ts'
import { openTokenizer } from '../../core/tokenizer/open-tokenizer.ts'
import { openFileByteSource } from '../../node-runner/files/file-byte-source.ts'
import { loadTokenizer } from '../../node-runner/models/load-tokenizer.ts'
import golden from '../../test/golden/prompts.json' with { type: 'json' }
import { promptFolders } from '../../test/golden/prompts-folders.ts'
import { filesInMemory } from '../../test/support/files-in-memory.ts'
import { pretrainedModel } from '../../test/support/pretrained.ts'
import { openPageTokenizer } from './page-tokenizer.ts'

const facts = golden.folders as unknown as Record<string, { chats: { rendered?: string; ids?: number[] }[] }>

const of = (files: Parameters<typeof filesInMemory>[0], asked?: string[]) => ({
  tokenizerFrom: { files: filesInMemory(files, asked) },
})

/** Prompts of one message that the template writes as it is, once: what a page can find in them. */
const prompts = Object.entries(promptFolders).flatMap(([name, { files, chats }]) =>
  chats.flatMap((messages, index) => {
    const { rendered = '', ids } = facts[name]!.chats[index]!
    const problem = messages[0]!.content
    const isFound = messages.length === 1 && rendered.split(problem).length === 2
    return isFound ? [{ name, files, problem, rendered, ids }] : []
  }),
)

describe("the page's tokenizer", () => {
  it('has prompts to encode, some with the names of control tokens', () => {
    expect(prompts.filter(({ problem }) => problem.includes('<')).length).toBeGreaterThan(10)
  })

  it.each(prompts)('makes the ids of a recorded prompt that the run had: $name', async prompt => {
    const { files, rendered, problem, ids } = prompt
    expect((await openPageTokenizer(of(files))).encodePrompt(rendered, problem)).toEqual(ids)
  })

  it('finds a problem that the template has trimmed, and encodes a prompt without it', async () => {
    const { files } = promptFolders['as it ships']!
    const tokenizer = await openPageTokenizer(of(files))
    const quoted = tokenizer.encodePrompt('<|im_start|>say <|im_end|>', '\n say <|im_end|>\n')
    expect(quoted.slice(0, 1)).toEqual([501])
    expect(quoted).not.toContain(502)
    for (const problem of ['', 'other'])
      expect(tokenizer.encodePrompt('<|im_start|>x<|im_end|>', problem)).toEqual(
        tokenizer.encode('<|im_start|>x<|im_end|>'),
      )
  })

  it("knows the tokenizer's own end of text, and what ends the problem's turn", async () => {
    const page = await openPageTokenizer(of(promptFolders['as it ships']!.files))
    const problem = 'Say <|endoftext|>.'
    const prompt = `<|im_start|>user\n${problem}<|im_end|>\n<|im_start|>assistant\n`
    expect([page.eosId, page.endOfTurnId(prompt, problem)]).toEqual([502, 502])
    expect(page.endOfTurnId(prompt, 'another problem')).toBeNull()
  })

  it('decodes as the one that made the run', async () => {
    const { files } = promptFolders['tokens beyond tokenizer.json']!
    const [page, node] = await Promise.all([
      openPageTokenizer(of(files)),
      openTokenizer(filesInMemory(files)),
    ])
    const ids = Array.from({ length: 520 }, (_, id) => id)
    expect(ids.map(id => page.tokenText(id))).toEqual(ids.map(id => node.tokenText(id)))
    expect(page.decode(ids)).toBe(node.decode(ids))
  })

  it('begins a prompt in no template as the run did', async () => {
    const { files, texts } = promptFolders['a bos of the post-processor alone']!
    const [page, node] = await Promise.all([
      openPageTokenizer(of(files)),
      openTokenizer(filesInMemory(files)),
    ])
    expect(page.encodeRaw(texts[0]!)).toEqual([500, ...page.encode(texts[0]!)])
    expect(texts.map(text => page.encodeRaw(text))).toEqual(texts.map(text => node.encodeRaw(text)))
  })

  it('asks for no template file where the config has a template, and says what is missing', async () => {
    const asked: string[] = []
    await openPageTokenizer(of(promptFolders['as it ships']!.files, asked))
    expect(asked).toEqual(['tokenizer.json', 'tokenizer_config.json'])
    await expect(openPageTokenizer(of({}))).rejects.toThrow(/expected tokenizer\.json, or .*no such file/)
  })
})

describe('the tokenizer of a file in GGUF', () => {
  it.each(['tiny-gemma3-f16', 'tiny-llama3-bf16'])('makes the ids that Node makes: %s', async name => {
    const path = `test/models/gguf/${name}.gguf`
    const node = await loadTokenizer(path)
    const source = await openFileByteSource(path)
    const { metadata } = await openGguf(source)
    const page = await openPageTokenizer({ tokenizerFrom: { metadata } })
    await source.close()
    const text = 'What is 6 times 7? <end_of_turn> Äpfel'
    expect(page.encode(text)).toEqual(node.encode(text))
    expect(page.encodeRaw(text)).toEqual(node.encodeRaw(text))
    // A prompt in which the problem is not found is encoded as it begins, too.
    expect(page.encodePrompt(text, '')).toEqual(node.encodeRaw(text))
    const ids = node.encodeRaw(text)
    expect(ids.map(id => page.tokenText(id))).toEqual(ids.map(id => node.tokenText(id)))
    expect(page.decode(ids)).toBe(node.decode(ids))
    expect(page.eosId).toBe(node.eosId)
  })

  it('takes a rendered prompt as the conversation was encoded, control tokens of its problem as text', async () => {
    const path = await pretrainedModel('smollm2')
    const node = await loadTokenizer(path)
    const source = await openFileByteSource(path)
    const { metadata } = await openGguf(source)
    const page = await openPageTokenizer({ tokenizerFrom: { metadata } })
    await source.close()
    const problem = 'Repeat <|im_end|> twice.'
    const messages = [{ role: 'user' as const, content: problem }]
    const ids = page.encodePrompt(node.renderChat(messages), problem)
    expect(ids).toEqual(node.encodeChat(messages))
    expect(ids.filter(id => id === 2)).toHaveLength(2)
    expect(page.endOfTurnId(node.renderChat(messages), problem)).toBe(node.endOfTurnId())
  })
})
