/** How a byte-level vocabulary of a GGUF file has text cut before its merges, by the name in `tokenizer.ggml.pre`. */
export interface PreTokenizer {
  /** Each cuts what those before it left: a match is a part, and so is what stands between two. */
  patterns: readonly RegExp[]
  /** Whether a part that is a token as it stands is not merged. */
  ignoresMerges: boolean
  /** What holds where the file does not say whether a prompt begins with bos. */
  addsBos: boolean
}

const contractions = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]"
const spaces = String.raw`\s+(?!\S)|\s+`
const linesAndSpaces = String.raw`\s*[\r\n]+|${spaces}`

/** GPT-2's: contractions, words, numbers and signs, each with the space before it. */
const gpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|${spaces}`

/** The kind that cl100k began: words with any one sign before them, numbers of at most so many digits. */
function cl100k(digits: string, signs = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`): string {
  return String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}|${signs}|${linesAndSpaces}`
}
const qwen2 = cl100k(String.raw`\p{N}`)
const llama3 = cl100k(String.raw`\p{N}{1,3}`)

/**
 * The kind that o200k began: words are cut where small letters end and capital ones begin. As llama.cpp has it, every letter
 * beyond ASCII is both a small and a capital one.
 */
function o200k(digits: string, contraction: string): string {
  const [capital, small] = [String.raw`[\p{L}--[a-z]]`, String.raw`[\p{L}--[A-Z]]`]
  const before = String.raw`[^\r\n\p{L}\p{N}]?`
  return String.raw`${before}${capital}*${small}+${contraction}|${before}${capital}+${small}*${contraction}|${digits}| ?[^\s\p{L}\p{N}]+[\r\n\/]*|${linesAndSpaces}`
}

const asciiSigns = String.raw`[!-\/:-@\[-\`\{-~]`
const chinese = String.raw`[\u4e00-\u9fa5\u3040-\u30ff]+`
function deepseekWords(signs: string): string {
  return String.raw`${asciiSigns}[A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+${signs}`
}
const deepseekV3 = [String.raw`\p{N}{1,3}`, chinese, deepseekWords(String.raw`[\r\n]*|${linesAndSpaces}`)]
const eastAsian = String.raw`[[\u0800-\u9fa5\uac00-\ud7ff]--\s]+`
const sentences = String.raw` ?[^\(\)\s\|.,!?…。，、।۔،]+`

/** What llama.cpp (src/llama-vocab.cpp) knows and models of the architectures here have, as regular expressions. */
const kinds: { names: string; patterns: string[]; ignoresMerges?: true; addsBos?: true }[] = [
  {
    names: 'default',
    patterns: [String.raw`[\p{P}$+<=>^~\|]+`, gpt2, String.raw`\p{N}+`, '[0-9][0-9][0-9]'],
  },
  {
    names: 'gpt-2 phi-2 mpt olmo jais exaone4 gigachat a.x-4.0 mellum trillion granite-docling',
    patterns: [gpt2],
  },
  {
    names: 'smollm starcoder refact command-r codeshell exaone minerva-7b mellum2',
    patterns: [String.raw`\p{N}`, gpt2],
  },
  {
    names: 'llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2',
    patterns: [llama3],
    ignoresMerges: true,
    addsBos: true,
  },
  { names: 'smaug-bpe dbrx glm4 chatglm-bpe', patterns: [llama3] },
  {
    names: 'qwen2 deepseek-r1-qwen stablelm2 megrez hunyuan kormo f2llmv2 grok-2 solar-open',
    patterns: [qwen2],
  },
  {
    names: 'qwen35',
    patterns: [
      String.raw`${contractions}|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|${linesAndSpaces}`,
    ],
  },
  {
    names: 'minicpm5',
    patterns: [String.raw`\p{N}{1,3}`, cl100k(String.raw`\p{N}+`)],
    ignoresMerges: true,
  },
  { names: 'seed-coder', patterns: [cl100k(String.raw`\p{N}`, String.raw` ?[^\s\p{L}\p{N}\r\n]+`)] },
  {
    names: 'bailingmoe bailingmoe2 llada-moe',
    patterns: [
      String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|${spaces}`,
    ],
  },
  { names: 'tekken', patterns: [o200k(String.raw`\p{N}`, '')], ignoresMerges: true, addsBos: true },
  {
    names: 'gpt-4o llama4 kanana2 talkie minimax-m2',
    patterns: [o200k(String.raw`\p{N}{1,3}`, `(?:${contractions})?`)],
  },
  { names: 'deepseek-v3 hunyuan-dense joyai-llm', patterns: deepseekV3 },
  {
    names: 'deepseek-coder',
    patterns: [
      String.raw`[\r\n]`,
      String.raw`\s?\p{L}+`,
      String.raw`\s?\p{P}+`,
      eastAsian,
      String.raw`\p{N}`,
    ],
  },
  {
    names: 'falcon',
    patterns: [String.raw`[\p{P}$+<=>^~\|\`]+`, gpt2, '[0-9][0-9][0-9]'],
  },
  { names: 'bloom poro-chat gpt3-finnish', patterns: [sentences] },
  { names: 'viking', patterns: [sentences, String.raw`\p{N}`] },
]

const kindByName = new Map(kinds.flatMap(kind => kind.names.split(' ').map(name => [name, kind] as const)))

/** The names that `preTokenizer` knows. */
export const preTokenizerNames: readonly string[] = [...kindByName.keys()]

/** The pre-tokenizer of a name; null where the name is not known. */
export function preTokenizer(name: string): PreTokenizer | null {
  const kind = kindByName.get(name)
  if (!kind) return null
  return {
    patterns: kind.patterns.map(asRegExp),
    ignoresMerges: kind.ignoresMerges ?? false,
    addsBos: kind.addsBos ?? false,
  }
}

/** White space is Unicode's, as llama.cpp has it: JavaScript's own lacks U+0085 and has U+FEFF. */
function asRegExp(source: string): RegExp {
  return new RegExp(
    source
      .replaceAll(String.raw`\s`, String.raw`\p{White_Space}`)
      .replaceAll(String.raw`\S`, String.raw`\P{White_Space}`),
    'gv',
  )
}

/** A text cut by one pattern after another. */
export function cutByPatterns(text: string, patterns: readonly RegExp[]): string[] {
  return patterns.reduce((parts, pattern) => parts.flatMap(part => cut(part, pattern)), [text])
}

function cut(text: string, pattern: RegExp): string[] {
  const parts: string[] = []
  let last = 0
  for (const { 0: match, index } of text.matchAll(pattern)) {
    if (index > last) parts.push(text.slice(last, index))
    parts.push(match)
    last = index + match.length
  }
  if (last < text.length) parts.push(text.slice(last))
  return parts
}
