import { InputError } from '../input-error.ts'
import { knownPatterns } from './bounded-steps.ts'

/** How a class of tokenizers that come as vocab.json and merges.txt prepares text, and what its config may leave out. */
interface TokenizerClass {
  normalizer: { type: string } | null
  /** Splits text into what is merged on its own. */
  pattern: string
  /** Named tokens that it has where tokenizer_config.json does not say. */
  defaults: Record<string, string>
}

const endOfText = '<|endoftext|>'

/** The regular expressions are those of Transformers 5 (models/qwen2) and of tokenizers' ByteLevel, which GPT-2 uses. */
const tokenizerClasses = {
  Qwen2Tokenizer: {
    normalizer: { type: 'NFC' },
    pattern: knownPatterns.qwen2,
    defaults: { eos_token: endOfText, unk_token: endOfText, pad_token: endOfText },
  },
  GPT2Tokenizer: {
    normalizer: null,
    pattern: knownPatterns.gpt2,
    defaults: { bos_token: endOfText, eos_token: endOfText, unk_token: endOfText },
  },
} as const satisfies Record<string, TokenizerClass>

// What these name says nothing of how text is prepared; a Qwen2 model's is then Qwen2's.
const classOfModel = 'Qwen2Tokenizer'
const namesWithoutMeaning = new Set(['PreTrainedTokenizer', 'TokenizersBackend'])

/** The class that tokenizer_config.json names; null for one whose vocab.json and merges.txt are not read. */
export function tokenizerClass(name: string | null | undefined): TokenizerClass | null {
  const plain = name?.replace(/Fast$/, '')
  if (plain === undefined || plain === '' || namesWithoutMeaning.has(plain))
    return tokenizerClasses[classOfModel]
  return Object.hasOwn(tokenizerClasses, plain)
    ? tokenizerClasses[plain as keyof typeof tokenizerClasses]
    : null
}

/**
 * What tokenizer.json would hold for a vocabulary and merges: byte-level pair encoding as the class prepares text. Throws
 * InputError for another class, by name.
 */
export function tokenizerOfVocabulary(
  vocab: Record<string, number>,
  merges: string,
  {
    tokenizer_class,
    add_prefix_space,
  }: { tokenizer_class?: string | null | undefined; add_prefix_space?: unknown },
  where: string,
): Record<string, unknown> {
  const known = tokenizerClass(tokenizer_class)
  if (!known)
    throw new InputError(
      `${where}: has vocab.json and merges.txt of a ${tokenizer_class?.slice(0, 80)}, expected one of ${Object.keys(tokenizerClasses).join(', ')}; ` +
        'load it with AutoTokenizer of Transformers and save_pretrained it: that writes the tokenizer.json which is read',
    )
  const prefix = { add_prefix_space: add_prefix_space === true }
  const byteLevel = { type: 'ByteLevel', ...prefix, trim_offsets: false, use_regex: false }
  const split = { type: 'Split', pattern: { Regex: known.pattern }, behavior: 'Isolated', invert: false }
  return {
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges: readMerges(merges, where),
    },
    normalizer: known.normalizer,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [split, byteLevel] },
    post_processor: byteLevel,
    decoder: byteLevel,
    added_tokens: [],
  }
}

/** Pairs in order. The first line may state a version; a line that begins with # otherwise is a merge of it. */
function readMerges(text: string, where: string): string[][] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line === '' || line.startsWith('#version')) return []
    const pair = line.split(' ')
    if (pair.length === 2) return [pair]
    throw new InputError(
      `${where}: merges.txt: line ${index + 1}: expected two tokens with a space between them, found ${JSON.stringify(line.slice(0, 80))}; fetch the file again`,
    )
  })
}
