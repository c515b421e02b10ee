import type { GgufValue } from '../../core/files/gguf.ts'
import { InputError } from '../../core/input-error.ts'
import { seededRandom } from '../../core/seeded-random.ts'
import { openGgufTokenizer } from '../../core/tokenizer/gguf-tokenizer.ts'
import { preTokenizerNames } from '../../core/tokenizer/pre-tokenizers.ts'
import type { ChatMessage } from '../../core/tokenizer/tokenizer.ts'
import { metadataOf, pairEntries, pieceEntries } from './gguf-metadata.ts'

/** What became of damaged metadata. */
export interface DamageCount {
  refused: number
  slowestMs: number
}

const question: ChatMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'abc de é漢😀 \ud800 <|im_end|></s>  ' },
]
const template =
  '{{ bos_token }}{% for m in messages %}{{ m.role ~ m.content }}<|im_end|>{% endfor %}{% if add_generation_prompt %}a{% endif %}'

/** Values that metadata may hold in the place of any other. */
const odd: GgufValue[] = [
  ...[0, -1, 3, 0.5, 2 ** 40, Number.NaN, 4_294_967_295, 10n ** 19n, true, false],
  ...['', 'a', ' ', 'none', 'gpt2', 'llama', 'default', 'x'.repeat(3000), '{% for', '{{ messages }}'],
  ...[[], ['a'], ['a b'], [''], ['a', 'a'], [true], [[]], [['a']]],
  ...[new Int32Array(), Int32Array.of(1, 3), Float32Array.of(Number.NaN), BigInt64Array.of(1n)],
  ...preTokenizerNames.slice(0, 6),
]
const texts = ['', ' ', 'a', 'a b', 'ab', '▁', '<0x41>', '<0xZZ>', '\ud800', '<|im_end|>', 'a'.repeat(300)]
const numbers = [0, 1, 2, 3, 4, 5, 6, 7, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e38]

/** Opens tokenizers of so much damaged metadata, uses them, and counts. Throws for the first that fails otherwise than with InputError. */
export function damageGgufTokenizers(cases: number, seed: number): DamageCount {
  const random = seededRandom(seed)
  const below = (most: number) => Math.floor(random() * most)
  const one = <Value>(values: readonly Value[]) => values[below(values.length)]!
  const count: DamageCount = { refused: 0, slowestMs: 0 }

  /** A list with some of its entries changed, or with more or fewer of them. */
  function changed(value: GgufValue): GgufValue {
    if (Array.isArray(value)) {
      const list: unknown[] = [...value]
      for (let change = below(4); change >= 0; change--)
        list.splice(below(list.length), below(3), ...Array.from({ length: below(3) }, () => one(texts)))
      return list as string[]
    }
    if (!(value instanceof Int32Array) && !(value instanceof Float32Array)) return one(odd)
    const list = value.slice(0, below(4) === 0 ? below(value.length) : value.length)
    for (let change = below(6); change >= 0; change--) list[below(list.length)] = one(numbers)
    return list
  }

  for (let index = 0; index < cases; index++) {
    const entries = {
      ...(below(2) === 0 ? pairEntries() : pieceEntries()),
      'tokenizer.chat_template': template,
      'tokenizer.ggml.add_bos_token': below(2) === 0,
      'general.name': one(['a', 'Phi-3']),
    } as Record<string, GgufValue | undefined>
    for (let change = below(3); change >= 0; change--) {
      const key = one(Object.keys(entries))
      const value = entries[key]
      const kind = below(4)
      entries[key] = kind === 0 || value === undefined ? undefined : kind === 1 ? one(odd) : changed(value)
    }
    const beganMs = performance.now()
    try {
      use(entries)
    } catch (error) {
      count.refused++
      if (!(error instanceof InputError && error.message.startsWith('model.gguf: ')))
        throw new Error(`case ${index} of seed ${seed}`, { cause: error })
    }
    count.slowestMs = Math.max(count.slowestMs, performance.now() - beganMs)
  }
  return count
}

function use(entries: Record<string, GgufValue | undefined>): void {
  const tokenizer = openGgufTokenizer(metadataOf(entries))
  for (const { content } of question) tokenizer.decode(tokenizer.encodeRaw(content))
  for (let id = -1; id <= Math.min(tokenizer.vocabularySize, 300); id++) tokenizer.tokenText(id)
  tokenizer.endOfTurnId()
  tokenizer.takesSystemMessage()
  tokenizer.decode(tokenizer.encodeChat(question))
}
