import type { GgufMetadata, GgufValue } from '../../core/files/gguf.ts'

/** Values of a GGUF file's metadata by key, without a file. */
export type MetadataEntries = Readonly<Record<string, GgufValue | undefined>>

/** The metadata of a file that holds these. */
export function metadataOf(entries: MetadataEntries, name = 'model.gguf'): GgufMetadata {
  const values = new Map(Object.entries(entries).filter(([, value]) => value !== undefined))
  const lengthOf = (value: GgufValue | undefined) =>
    typeof value === 'object' && 'length' in value ? value.length : null
  return {
    name,
    keys: () => values.keys(),
    has: key => values.has(key),
    get: key => values.get(key),
    count: key => lengthOf(values.get(key)),
    describe(key) {
      const length = lengthOf(values.get(key))
      return length === null ? JSON.stringify(values.get(key) ?? 'nothing') : `a list of ${length}`
    },
  }
}

const ggml = (fields: MetadataEntries) =>
  Object.fromEntries(Object.entries(fields).map(([field, value]) => [`tokenizer.ggml.${field}`, value]))

/** A small byte-level vocabulary; other fields of tokenizer.ggml go before its own. */
export function pairEntries(fields: MetadataEntries = {}): Record<string, GgufValue | undefined> {
  const tokens = ['<s>', '</s>', '<|im_end|>', ...'abcdeĠ<>|/_imn', 'ab', 'abc', 'Ġa', 'de', '<think>']
  return ggml({
    model: 'gpt2',
    pre: 'smollm',
    tokens,
    token_type: Int32Array.from(tokens, (token, id) => (id < 3 ? 3 : token === '<think>' ? 4 : 1)),
    merges: ['a b', 'ab c', 'Ġ a', 'd e'],
    bos_token_id: 0,
    eos_token_id: 1,
    ...fields,
  })
}

/** A small SentencePiece vocabulary; other fields of tokenizer.ggml go before its own. */
export function pieceEntries(fields: MetadataEntries = {}): Record<string, GgufValue | undefined> {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  )
  const pieces = ['▁', 'a', 'b', 'c', '▁a', 'ab', 'bc', '▁ab', 'abc', 'é', '▁é']
  const [scores, named] = [
    [-20, -21, -22, -23, -5, -4, -3, -2, -1, -24, -6],
    ['  ', '\n\n', '<end_of_turn>'],
  ]
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...pieces, ...named]
  return ggml({
    model: 'llama',
    tokens,
    scores: Float32Array.from(tokens, (_, id) => scores[id - 259] ?? 0),
    token_type: Int32Array.from(tokens, (token, id) =>
      id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : token.length === 2 && named.includes(token) ? 4 : 1,
    ),
    ...fields,
  })
}
