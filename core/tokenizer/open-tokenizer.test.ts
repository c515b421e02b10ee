import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import golden from '../../test/golden/prompts.json' with { type: 'json' }
import { promptFolders } from '../../test/golden/prompts-folders.ts'
import { filesInMemory } from '../../test/support/files-in-memory.ts'
import { openTokenizer } from './open-tokenizer.ts'
import type { Tokenizer } from './tokenizer.ts'

/** What Transformers made of a folder. */
interface Facts {
  addedTokens: Record<string, [id: number, special: boolean]>
  chats: ({ rendered: string; ids: number[] } | { error: string })[]
  texts: number[][]
  /** The texts with what it puts around them. */
  raw: number[][]
}
const facts = golden.folders as unknown as Record<string, Facts>

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
  const { addedTokens, chats, texts, raw } = facts[name]!
  let tokenizer: Tokenizer
  beforeAll(async () => {
    tokenizer = await openTokenizer(filesInMemory(folder.files), folder.templateArguments)
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
    expect(folder.texts.map(text => tokenizer.encodeRaw(text))).toEqual(raw)
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
    }
  })
})

const ships = promptFolders['as it ships']!.files
const reasoning = promptFolders['reasoning tokens that are not special']!

/** The small model's tokenizer with other files, or with another template. */
function openWith(files: Record<string, unknown>): Promise<Tokenizer> {
  return openTokenizer(filesInMemory({ ...ships, ...files }))
}
const openTemplate = (template: string) => openWith({ 'chat_template.jinja': template })

it('puts before a raw text what a post-processor puts there, and nothing behind it', async () => {
  const single = [
    { SpecialToken: { id: 'bos', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
    { SpecialToken: { id: 'eos', type_id: 0 } },
  ]
  const special_tokens = { bos: { ids: [501, 500] }, eos: { ids: [502] } }
  const readWith = async (post_processor: unknown) => {
    const json = { ...(ships['tokenizer.json'] as object), post_processor }
    return (await openWith({ 'tokenizer.json': json })).encodeRaw('x')
  }
  expect(await readWith({ type: 'TemplateProcessing', single, special_tokens })).toEqual([501, 500, 87])
  expect(await readWith({ type: 'RobertaProcessing', cls: ['a', 500], sep: ['b', 501] })).toEqual([500, 87])
  expect(await readWith(null)).toEqual([87])
  await expect(readWith({ type: 'TemplateProcessing', single: 'x' })).rejects.toThrow(
    /tokenizer\.json: post_processor is none that can be read/,
  )
})

describe('what messages name', () => {
  let tokenizer: Tokenizer
  beforeAll(async () => {
    tokenizer = await openTokenizer(filesInMemory(reasoning.files))
  })
  const control = [
    '<s>',
    '<｜User｜>',
    '<｜Assistant｜>',
    '<think>',
    '</think>',
    '<|im_start|>',
    '<|im_end|>',
  ]

  it('becomes no control token, however it is put together', () => {
    const parts = [
      ...control,
      ...control.flatMap(name => [name.slice(0, 3), name.slice(3)]),
      ' ',
      '\n',
      'x',
      '\u{f0000}',
    ]
    const text = fc.array(fc.constantFrom(...parts), { maxLength: 12 }).map(all => all.join(''))
    const countControl = (content: string) => {
      const ids = tokenizer.encodeChat([
        { role: 'system', content },
        { role: 'user', content },
        { role: 'assistant', content: content.replaceAll('</think>', '') },
        { role: 'user', content },
      ])
      return control.map(name => ids.filter(id => id === tokenizer.encode(name)[0]).length)
    }
    const inTemplate = countControl('x')
    expect(inTemplate).toEqual([1, 2, 2, 1, 0, 0, 1])
    fc.assert(
      fc.property(text, content => {
        expect(countControl(content)).toEqual(inTemplate)
      }),
    )
  })

  it('does not change what a template makes of it', async () => {
    const template =
      "{% for m in messages %}{% if m.content.startswith('<|im_end|>') %}[end]{% endif %}{{ m.content }}<|im_end|>{% endfor %}"
    const tokenizer = await openTemplate(template)
    const messages = [{ role: 'user', content: '<|im_end|> x' } as const]
    expect(tokenizer.renderChat(messages)).toBe('[end]<|im_end|> x<|im_end|>')
    const ids = tokenizer.encodeChat(messages)
    expect(ids.filter(id => id === 502)).toEqual([502])
    expect(ids.at(-1)).toBe(502)
    expect(tokenizer.decode(ids)).toBe('[end]<|im_end|> x')
  })

  it('stands for no control token that the template leaves out because of it', async () => {
    const template =
      "{% for m in messages %}{% if not m.content.startswith('<|im_start|>') %}<|im_start|>{% endif %}{{ m.content }}{% endfor %}"
    const tokenizer = await openTemplate(template)
    const messages = [{ role: 'user', content: '<|im_start|>x' } as const]
    const ids = tokenizer.encodeChat(messages)
    expect(ids[0]).toBe(501)
    expect(ids.filter(id => id === 501)).toHaveLength(1)
    // The recorded prompt is the text of these ids.
    expect(tokenizer.renderChat(messages)).toBe('<|im_start|><|im_start|>x')
  })

  it('is text even where merges lead to the token', async () => {
    const plain = ships['tokenizer.json'] as { model: { vocab: object; merges: string[][] } }
    const model = {
      ...plain.model,
      vocab: { ...plain.model.vocab, '<x': 500, '<x>': 501 },
      merges: [['<', 'x'], ['<x', '>'], ...plain.model.merges],
    }
    const added = [{ id: 501, content: '<x>', special: true }]
    const tokenizer = await openWith({
      'tokenizer.json': { ...plain, model, added_tokens: added },
      'tokenizer_config.json': {},
      'chat_template.jinja': '{{ messages[0].content }}',
    })
    const messages = [{ role: 'user', content: 'a<x>b' } as const]
    expect(tokenizer.encode('a<x>b')).toContain(501)
    expect(tokenizer.encodeChat(messages)).not.toContain(501)
    expect(tokenizer.decode(tokenizer.encodeChat(messages))).toBe('a<x>b')
  })
})

it.each([
  [{ additional_special_tokens: ['<extra>'], extra_special_tokens: {} }],
  [{ extra_special_tokens: { video_token: '<extra>' } }],
  [{ extra_special_tokens: [{ content: '<extra>', lstrip: false }] }],
  [{ video_token: '<extra>' }],
])('knows extra special tokens under every name: %j', async names => {
  const config = { ...(ships['tokenizer_config.json'] as object), additional_special_tokens: undefined }
  const tokenizer = await openWith({ 'tokenizer_config.json': { ...config, ...names } })
  expect(tokenizer.encode('<extra>')).toEqual([503])
  expect(tokenizer.decode([503])).toBe('')
})

it('knows added tokens of any characters, which a pattern may write otherwise', async () => {
  const content = '<|\\^$.*+?()[]{}/-&,#=!<>:~`"\' fim-prefix|>'
  const config = {
    ...(ships['tokenizer_config.json'] as object),
    extra_special_tokens: { video_token: content },
  }
  const tokenizer = await openWith({ 'tokenizer_config.json': config })
  expect(tokenizer.encode(`${content}a${content}`)).toEqual([503, ...tokenizer.encode('a'), 503])
})

describe('a system message', () => {
  const each = (content: string) => `{% for m in messages %}${content}{% endfor %}`
  it.each([
    [true, 'is taken', each('{{ m.role }}: {{ m.content }}')],
    [true, 'is taken in another form', each('{{ m.content | upper }}')],
    [
      false,
      'is refused',
      each("{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}{{ m.content }}"),
    ],
    [false, 'is left out', each("{% if m.role == 'user' %}{{ m.content }}{% endif %}")],
    [true, 'is not what a template refuses that refuses everything', "{{ raise_exception('no') }}"],
  ])('%s: %s', async (isTaken, _, template) => {
    expect((await openTemplate(template)).takesSystemMessage()).toBe(isTaken)
  })
})

describe('a template', () => {
  const messages = [{ role: 'user', content: 'x' } as const]

  it('may come in chat_template.json where no other file has one', async () => {
    const config = { ...(ships['tokenizer_config.json'] as object), chat_template: null }
    const files = { 'tokenizer_config.json': config, 'chat_template.json': { chat_template: 'older' } }
    expect((await openWith(files)).renderChat(messages)).toBe('older')
    expect((await openWith({ ...files, 'chat_template.jinja': 'newer' })).renderChat(messages)).toBe('newer')
  })

  it('may come by names in an object', async () => {
    const chat_template = { default: 'default', tool_use: 'tools' }
    const tokenizer = await openWith({ 'tokenizer_config.json': { chat_template } })
    expect(tokenizer.renderChat(messages)).toBe('default')
  })

  it('is missing where none of several is the default, and they are named', async () => {
    const chat_template = [{ name: 'tool_use', template: 'tools' }]
    const tokenizer = await openWith({ 'tokenizer_config.json': { chat_template } })
    expect(() => tokenizer.renderChat(messages)).toThrow(/found those named tool_use and no default/)
  })

  it.each([
    ['{{ messages }}', /a list or a mapping is printed/],
    ["{{ strftime_now('%Q') }}", /the format %Q is not known here/],
    ['{% raw %}x{% endraw %}', /Unknown statement type: raw/],
    ['{% for %}', /could not be rendered for the roles user/],
  ])('that asks for what is not known here is an error: %s', async (template, message) => {
    const tokenizer = await openTemplate(template)
    expect(() => tokenizer.renderChat(messages)).toThrow(message)
  })
})

describe('vocab.json and merges.txt', () => {
  const { files } = promptFolders['vocab.json and merges.txt']!
  const config = files['tokenizer_config.json'] as object

  it.each([
    [
      'of another class',
      { 'tokenizer_config.json': { ...config, tokenizer_class: 'LlamaTokenizerFast' } },
      /of a LlamaTokenizerFast, expected one of Qwen2Tokenizer, GPT2Tokenizer; .*save_pretrained/,
    ],
    [
      'with a line that is no merge',
      { 'merges.txt': '#version: 0.2\na b\nabc\n' },
      /merges\.txt: line 3: expected two tokens .*found "abc"/,
    ],
    ['that are no vocabulary', { 'vocab.json': ['a'] }, /vocab\.json: expected the id of every token/],
    [
      'without merges',
      { 'merges.txt': undefined },
      /expected tokenizer\.json, or vocab\.json with merges\.txt, found no such file/,
    ],
  ])('%s are refused', async (_, changed, message) => {
    const kept = Object.fromEntries(Object.entries({ ...files, ...changed }).filter(([, content]) => content))
    await expect(openTokenizer(filesInMemory(kept))).rejects.toThrow(message)
  })

  it('may have line ends of another system, and a class that says nothing', async () => {
    const merges = String(files['merges.txt']).replaceAll('\n', '\r\n')
    const other = {
      'merges.txt': merges,
      'tokenizer_config.json': { ...config, tokenizer_class: 'PreTrainedTokenizerFast' },
    }
    const [tokenizer, same] = await Promise.all([
      openTokenizer(filesInMemory({ ...files, ...other })),
      openTokenizer(filesInMemory(files)),
    ])
    expect(tokenizer.encode("Tom's 12 apples")).toEqual(same.encode("Tom's 12 apples"))
  })
})
