import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { openFileByteSource } from '../../node-runner/files/file-byte-source.ts'
import templates from '../../test/golden/chat-templates-gguf.json' with { type: 'json' }
import golden from '../../test/golden/tokenizers-gguf.json' with { type: 'json' }
import {
  type MetadataEntries,
  metadataOf,
  pairEntries,
  pieceEntries,
} from '../../test/support/gguf-metadata.ts'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { type PretrainedModel, pretrainedModel } from '../../test/support/pretrained.ts'
import { openGguf } from '../files/gguf.ts'
import { InputError } from '../input-error.ts'
import { type GgufTokenizer, openGgufTokenizer } from './gguf-tokenizer.ts'
import { preTokenizerNames } from './pre-tokenizers.ts'
import { type ChatMessage, createTextDecoder } from './tokenizer.ts'

/** What llama.cpp made of a text, and where it differs the text that it made of the ids. */
interface TextCase {
  text: string
  ids: number[]
  ids_specials_as_text?: number[]
  detokenized?: string
}
interface TemplateCase {
  name: string
  messages: ChatMessage[]
  add_generation_prompt: boolean
  text: string
  ids: number[]
}

const pretrained: Record<string, PretrainedModel> = {
  'SmolLM2-135M-Instruct': 'smollm2',
  'gemma-3-270m': 'gemma',
}

async function openNamed(name: string): Promise<GgufTokenizer> {
  const model = pretrained[name]
  const source = model
    ? await openFileByteSource(await pretrainedModel(model))
    : memoryByteSource(gunzipSync(readFileSync('test/models/gguf/r1-distill-qwen-7b-header.gguf.gz')))
  return openGgufTokenizer((await openGguf(source)).metadata)
}

describe.each(golden.tokenizers)('as llama.cpp reads it: $name', facts => {
  const cases = facts.cases as TextCase[]
  let tokenizer: GgufTokenizer
  beforeAll(async () => {
    tokenizer = await openNamed(facts.name)
  }, 300_000)

  it('encodes texts', () => {
    const made = cases.map(({ text }) => ({ text, ids: tokenizer.encode(text) }))
    expect(made).toEqual(cases.map(({ text, ids }) => ({ text, ids })))
    expect(tokenizer.encodeRaw('Hello')).toEqual(facts.hello_with_bos_rule)
    expect([tokenizer.vocabularySize, tokenizer.eosId]).toEqual([facts.vocab, facts.eos_token_id])
    expect(tokenizer.warnings).toEqual([])
  })

  it('decodes them, at once and one by one', () => {
    for (const { text, ids, ids_specials_as_text, detokenized = text } of cases) {
      const shown = ids.map(id => tokenizer.tokenText(id)).join('')
      if (!shown.includes('\uFFFD')) expect(shown).toBe(detokenized)
      // Control tokens are no part of a text.
      if (ids_specials_as_text) continue
      expect(tokenizer.decode(ids)).toBe(detokenized)
      const decoder = createTextDecoder(tokenizer)
      expect(ids.map(id => decoder.push(id)).join('') + decoder.flush()).toBe(detokenized)
    }
  })

  it('takes 100,000 characters of any kind', () => {
    for (const unit of ['it is 12 o’clock. ', ' ', 'a', '\n', '你好', '<', ' \n\n\t<b>', '\u{1f600}\u200d']) {
      const text = unit.repeat(100_000 / unit.length)
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
    }
  })
})

describe.each(templates.templates)('the chat template of $name', facts => {
  let tokenizer: GgufTokenizer
  beforeAll(async () => {
    tokenizer = await openNamed(facts.name)
  }, 300_000)
  const asked = (facts.cases as TemplateCase[]).filter(chat => chat.add_generation_prompt)

  it.each(asked)('renders and encodes: $name', ({ name, messages, text, ids }) => {
    expect(tokenizer.renderChat(messages)).toBe(text)
    expect(tokenizer.encode(text)).toEqual(ids)
    // What a message names is text, for llama.cpp as well if it is told to.
    if (name !== 'quoted-specials') expect(tokenizer.encodeChat(messages)).toEqual(ids)
    else {
      expect(tokenizer.decode(tokenizer.encodeChat(messages))).toContain('Say <|im_end|> and ')
      const isEnd = (id: number) => tokenizer.tokenText(id) === facts.eos_token
      const ends = tokenizer.encodeChat([{ role: 'user', content: 'Hi' }]).filter(isEnd).length
      expect(tokenizer.encodeChat(messages).filter(isEnd).length).toBe(ends)
    }
  })

  it('ends turns, and takes a system message', () => {
    expect(tokenizer.tokenText(tokenizer.endOfTurnId()!)).toBe(facts.eos_token)
    expect(tokenizer.takesSystemMessage()).toBe(true)
  })
})

it.each(['tiny-llama-f32 gguf-f32', 'tiny-qwen2-f16 gguf-f16', 'tiny-gemma3-f16 gguf-gemma3'])(
  'encodes the texts of a tiny model: %s',
  async pair => {
    const [file, name] = pair.split(' ')
    const source = await openFileByteSource(`test/models/gguf/${file}.gguf`)
    const tokenizer = openGgufTokenizer((await openGguf(source)).metadata)
    await source.close()
    const { sequences, tokenizer: texts = [] } = JSON.parse(
      readFileSync(`test/golden/${name}.json`, 'utf8'),
    ) as { sequences: { text?: string; prompt_ids: number[] }[]; tokenizer?: TextCase[] }
    const cases = [
      ...texts,
      ...sequences.flatMap(({ text, prompt_ids: ids }) => (text === undefined ? [] : { text, ids })),
    ]
    expect(cases.length).toBeGreaterThan(0)
    expect(cases.map(({ text }) => tokenizer.encode(text))).toEqual(cases.map(({ ids }) => ids))
    expect(cases.map(({ ids }) => tokenizer.decode(ids))).toEqual(cases.map(({ text }) => text))
  },
)

const openPairs = (fields?: MetadataEntries, more?: MetadataEntries) =>
  openGgufTokenizer(metadataOf({ ...pairEntries(fields), ...more }))
const openPieces = (fields?: MetadataEntries, more?: MetadataEntries) =>
  openGgufTokenizer(metadataOf({ ...pieceEntries(fields), ...more }))
const shown = (tokenizer: GgufTokenizer, ids: number[]) => ids.map(id => tokenizer.tokenText(id))
const template = '{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}'
const question: ChatMessage[] = [{ role: 'user', content: 'ab' }]

describe('a byte-level vocabulary', () => {
  it('joins the earliest merge first, and leaves out what is no token', () => {
    const tokenizer = openPairs()
    expect(shown(tokenizer, tokenizer.encode('abc dea ab é'))).toEqual([
      'abc',
      ' ',
      'de',
      'a',
      ' ',
      'ab',
      ' ',
    ])
  })

  it('takes a part that is a token as it stands, where its pre-tokenizer says so', () => {
    const fields = { merges: ['a b'], pre: 'llama-bpe' }
    expect(shown(openPairs(fields), openPairs(fields).encode('abc'))).toEqual(['abc'])
    const merged = openPairs({ ...fields, pre: 'smaug-bpe' })
    expect(shown(merged, merged.encode('abc'))).toEqual(['ab', 'c'])
  })

  it('tells of merges that join nothing', () => {
    const { warnings } = openPairs({ merges: ['a b', 'x y'] })
    expect(warnings).toEqual([expect.stringMatching(/tokenizer\.ggml\.merges: 1 of 2 .* "x y"/)])
  })

  it.each(preTokenizerNames)('is cut without loss: %s', pre => {
    const bytes = Array.from({ length: 256 }, (_, byte) => byte)
    const printable = bytes.filter(byte => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173))
    const others = bytes.filter(byte => !printable.includes(byte)).map((_, index) => 256 + index)
    const tokens = [...printable, ...others].map(code => String.fromCodePoint(code))
    const tokenizer = openPairs({
      ...{ pre, tokens, token_type: new Int32Array(256).fill(1), merges: [], add_bos_token: false },
    })
    const text = "It's 12345\t\r\n\n  HelloWorld…\u0085\u3000龥ぁ가 'Ll\ufeff😀 ..$^ (x)\0 "
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
  })
})

describe('a SentencePiece vocabulary', () => {
  it('joins the pair of the highest score, of equal ones the leftmost', () => {
    const tokenizer = openPieces({ add_space_prefix: false })
    expect(shown(tokenizer, tokenizer.encode('abcab'))).toEqual(['abc', 'ab'])
    const equal = openPieces({ add_space_prefix: false, scores: new Float32Array(273) })
    expect(shown(equal, equal.encode('aabbc'))).toEqual(['a', 'ab', 'bc'])
  })

  it('puts a space before what begins a text or follows an added token, and takes the first out again', () => {
    const tokenizer = openPieces()
    const ids = tokenizer.encode('ab</s>ab ab')
    expect(shown(tokenizer, ids)).toEqual([' ab', '</s>', ' ab', ' ab'])
    expect(tokenizer.decode(tokenizer.encode('ab ab'))).toBe('ab ab')
    expect(tokenizer.decode(tokenizer.encodeRaw(' ab'))).toBe(' ab')
  })

  it('spells what it has no token for in bytes, or as the unknown token', () => {
    const tokenizer = openPieces({ add_space_prefix: false })
    const ids = tokenizer.encode('a漢😀')
    expect(ids.slice(1)).toEqual([...new TextEncoder().encode('漢😀')].map(byte => 3 + byte))
    expect(tokenizer.decode(ids)).toBe('a漢😀')
    const decoder = createTextDecoder(tokenizer)
    expect(ids.map(id => decoder.push(id))).toEqual(['a', '', '', '漢', '', '', '', '😀'])
    const tokens = ['<unk>', '<s>', '</s>', 'a']
    const small = openPieces({
      ...{ tokens, add_space_prefix: false },
      ...{ scores: new Float32Array(4), token_type: Int32Array.of(2, 3, 3, 1) },
    })
    expect(small.encode('aé')).toEqual([3, 0, 0])
  })

  it('finds user defined tokens that hold spaces, and control tokens by their names', () => {
    const tokenizer = openPieces({ add_space_prefix: false })
    expect(shown(tokenizer, tokenizer.encode('a   a\n\n<end_of_turn>'))).toEqual([
      ...['a', '  ', ' a', '\n\n', '<end_of_turn>'],
    ])
    // Its type says normal, its name what it is.
    expect(tokenizer.decode(tokenizer.encode('a<end_of_turn>'))).toBe('a')
  })

  it('makes no control token by joining', () => {
    const tokens = [...(pieceEntries()['tokenizer.ggml.tokens'] as string[]), '<', '>', '<s', 's']
    const entries = pieceEntries({
      ...{ tokens, add_space_prefix: false },
      ...{ scores: new Float32Array(tokens.length), token_type: undefined },
    })
    const token_type = Int32Array.from(tokens, token => (token === '<s>' ? 3 : 1))
    const tokenizer = openGgufTokenizer(
      metadataOf({
        ...entries,
        'tokenizer.ggml.token_type': token_type,
        'tokenizer.chat_template': template,
      }),
    )
    const quoted = tokenizer.encodeChat([{ role: 'user', content: 'a<s>' }])
    expect(shown(tokenizer, quoted)).toEqual(['<s>', 'a', '<s', '>', '</s>'])
  })
})

describe('the beginning of text', () => {
  const begins = (tokenizer: GgufTokenizer) =>
    [tokenizer.encodeRaw('a'), tokenizer.encodeRaw('<s>a'), tokenizer.encodeChat(question)].map(
      ids => ids.filter(id => tokenizer.tokenText(id) === '<s>').length,
    )
  const withTemplate = { 'tokenizer.chat_template': template }
  const without = { 'tokenizer.chat_template': template.replace('{{ bos_token }}', '') }

  it('stands once, whoever writes it', () => {
    expect(begins(openPairs({ add_bos_token: true }, withTemplate))).toEqual([1, 1, 1])
    expect(begins(openPairs({ add_bos_token: true }, without))).toEqual([1, 1, 1])
    expect(begins(openPairs({ add_bos_token: false }, withTemplate))).toEqual([0, 1, 1])
    expect(begins(openPairs({ add_bos_token: false }, without))).toEqual([0, 1, 0])
  })

  it('stands where the kind of vocabulary has it when the file does not say', () => {
    expect(begins(openPairs({}, without))).toEqual([0, 1, 0])
    expect(begins(openPairs({ pre: 'llama-bpe' }, without))).toEqual([1, 1, 1])
    expect(begins(openPairs({ pre: 'llama-bpe', bos_token_id: undefined }, without))).toEqual([0, 1, 0])
    expect(begins(openPieces({}, without))).toEqual([1, 1, 1])
  })
})

describe('the chat template', () => {
  it('has a remedy where there is none', () => {
    const { encodeChat, endOfTurnId } = openPairs({ eot_token_id: 2 })
    expect(() => encodeChat(question)).toThrow(/tokenizer\.chat_template, found none\. .*--raw/)
    expect(endOfTurnId()).toBe(2)
    const named = openPairs({}, { 'tokenizer.chat_template.tool_use': 'x' })
    expect(() => named.encodeChat(question)).toThrow(/none but those named tool_use/)
    const wrong = openPairs({}, { 'tokenizer.chat_template': 3 })
    expect(() => wrong.encodeChat(question)).toThrow(InputError)
    const refusing = openPairs({}, { 'tokenizer.chat_template': "{{ raise_exception('no') }}" })
    expect(() => refusing.encodeChat(question)).toThrow(/model\.gguf: tokenizer\.chat_template: .*user: no\./)
  })

  it('gets arguments, and tells which it does not look at', () => {
    const entries = { ...pairEntries(), 'tokenizer.chat_template': '{% if think %}<think>{% endif %}' }
    const tokenizer = openGgufTokenizer(metadataOf(entries), { think: true, other: 1 })
    expect(shown(tokenizer, tokenizer.encodeChat(question))).toEqual(['<think>'])
    expect(tokenizer.unreadArguments()).toEqual(['other'])
  })
})

describe('what cannot be used is refused by its field', () => {
  const many = pairEntries()['tokenizer.ggml.tokens'] as string[]
  it.each<[string, MetadataEntries, RegExp]>([
    [
      'another model',
      { model: 'bert' },
      /tokenizer\.ggml\.model is "bert" \(WordPiece\), expected gpt2 or llama/,
    ],
    ['none', { model: 'no_vocab' }, /tokenizer\.ggml\.model/],
    ['no model', { model: undefined }, /tokenizer\.ggml\.model is missing/],
    ['a model that is no text', { model: 5 }, /tokenizer\.ggml\.model is 5, expected a text/],
    [
      'an unknown pre-tokenizer',
      { pre: 'new' },
      /tokenizer\.ggml\.pre is "new", expected one of default, gpt-2, .*qwen2/,
    ],
    ['no merges', { merges: undefined }, /tokenizer\.ggml\.merges is missing/],
    ['a merge of one', { merges: ['a b', 'ab'] }, /tokenizer\.ggml\.merges .*merge 1 is "ab"/],
    ['merges that are no texts', { merges: Int32Array.of(1) }, /tokenizer\.ggml\.merges is a list of 1/],
    ['no tokens', { tokens: [] }, /tokenizer\.ggml\.tokens is empty/],
    [
      'a token twice',
      { tokens: [...many.slice(1), 'a'] },
      /tokenizer\.ggml\.tokens .*ids 2 and \d+ are both "a"/,
    ],
    [
      'few types',
      { token_type: Int32Array.of(3, 3, 1) },
      /tokenizer\.ggml\.token_type is a list of 3, expected .* 22 /,
    ],
    [
      'an id beyond',
      { eos_token_id: 4_000_000_000 },
      /tokenizer\.ggml\.eos_token_id is 4000000000, expected an id of the 22/,
    ],
    ['an id that is none', { bos_token_id: 0.5 }, /tokenizer\.ggml\.bos_token_id is 0\.5/],
    ['bos without an id', { bos_token_id: undefined, add_bos_token: true }, /tokenizer\.ggml\.bos_token_id/],
    [
      'a flag that is none',
      { add_bos_token: 1 },
      /tokenizer\.ggml\.add_bos_token is 1, expected true or false/,
    ],
  ])('%s', (_, fields, message) => {
    expect(() => openPairs(fields)).toThrow(InputError)
    expect(() => openPairs(fields)).toThrow(message)
  })

  it.each<[string, MetadataEntries, RegExp]>([
    [
      'few scores',
      { scores: new Float32Array(3) },
      /tokenizer\.ggml\.scores is a list of 3, expected .* 273 /,
    ],
    [
      'a score that is none',
      { scores: new Float32Array(273).fill(Number.NaN, 9) },
      /tokenizer\.ggml\.scores .* 9 is not a number/,
    ],
    ['scores in words', { scores: ['1'] }, /tokenizer\.ggml\.scores/],
  ])('%s', (_, fields, message) => {
    expect(() => openPieces(fields)).toThrow(message)
  })
})

it('bounds what a vocabulary made to harm costs', () => {
  // Each joining makes a token longer by one character; each place of a text is compared with tokens of many lengths.
  const tokens = [
    '<unk>',
    '<s>',
    '</s>',
    ...Array.from({ length: 2_000 }, (_, index) => 'a'.repeat(index + 1)),
  ]
  const text = 'a'.repeat(100_000)
  const joining = openPieces({
    ...{ tokens, token_type: undefined, add_space_prefix: false },
    scores: Float32Array.from(tokens, token => token.length),
  })
  const beganMs = performance.now()
  expect(joining.decode(joining.encode(text))).toBe(text)
  const naming = openPieces({
    ...{ tokens: tokens.map((token, id) => (id < 3 ? token : `${token}b`)), scores: undefined },
    token_type: new Int32Array(tokens.length).fill(4),
  })
  expect(() => naming.encode(text)).toThrow(/user defined tokens takes too many steps/)
  expect(performance.now() - beganMs).toBeLessThan(20_000)
})
