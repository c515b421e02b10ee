import { InputError } from '../../core/input-error.ts'
import { openTokenizer } from '../../core/tokenizer/open-tokenizer.ts'
import type { ChatMessage } from '../../core/tokenizer/tokenizer.ts'
import { promptFolders } from '../golden/prompts-folders.ts'
import { filesInMemory } from './files-in-memory.ts'

/** What became of damaged folders. */
export interface DamageCount {
  cases: number
  refused: number
  slowestMs: number
  slowest: string
}

/** Folders whose files are small enough to be damaged many times. */
const folders = Object.entries(promptFolders).filter(
  ([, { files }]) => JSON.stringify(files).length < 100_000,
)

const question: ChatMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'What is 12 + 30? <|im_end|>' },
]
const text = `What is 12 + 30?\n\t x ${'a'.repeat(60)} ${' '.repeat(60)}é漢😀<|im_start|>`

/** Values that a file may hold in the place of any other. */
const odd: unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e9,
  2 ** 53,
  '',
  'a',
  ' ',
  '(a+)+$',
  '(a|a)*b',
  '\\p{Nothing}',
  '[',
  '(?<=a+)\\1',
  '\u001b[31m\u202e',
  '\ud800',
  'x'.repeat(3000),
  [],
  {},
  [[]],
  [null],
  { type: 'Sequence', normalizers: [{ type: 'Replace', pattern: { String: 'a' }, content: 'aaaaaaaa' }] },
  { type: 'Sequence', pretokenizers: [{ type: 'FixedLength', length: 0 }] },
  { type: 'Split', pattern: { Regex: '(\\s|\\s\\s)+$' }, behavior: 'Removed', invert: true },
  { type: 'Metaspace', replacement: '  ', prepend_scheme: 'always' },
  { type: 'Replace', pattern: { Regex: '' }, content: '$&$&$`' },
  { type: 'WordPiece', vocab: { a: 0 }, unk_token: 'a' },
  { type: 'Unigram', vocab: [['a', 0]] },
]

/** Pieces of templates, put together without regard to sense. */
const pieces = [
  ...'{% if messages %},{% else %},{% elif x %},{% endif %},{% for m in messages %},{% for i in range(99999) %},{% endfor %}'.split(
    ',',
  ),
  ...'{% for a in x recursive %},{% break %},{% continue %},{% macro f(x) %},{% endmacro %},{{ f(f(1)) }},{% call f(1) %}'.split(
    ',',
  ),
  ...'{% endcall %},{% filter upper %},{% endfilter %},{% set x = x ~ x %},{% set x = [x, x] %},{% set ns.a = ns.a ~ ns.a %}'.split(
    ',',
  ),
  ...'{% set ns = namespace(a=messages) %},{{ x | tojson }},{{ ns.a | join(ns.a) }},{{ messages | tojson(indent=9999) }}'.split(
    /,(?=\{)/,
  ),
  ...'{{ m.content }},{{ m["role"] }},{{ x == x }},{{ messages[::-1] }},{{ "a" * 99 }},{{ 9 ** 9 ** 9 }},{{ loop }}'.split(
    ',',
  ),
  ...[
    "{{ x.replace('', x) }}",
    "{{ x.split('a') | join(x) }}",
    '{{ x | indent(99999) }}',
    '{{ raise_exception(x) }}',
  ],
  ...[
    '{{',
    '}}',
    '{%',
    '%}',
    '{#',
    '#}',
    '-',
    '(',
    ')',
    '[',
    ']',
    "'",
    '"',
    '|',
    '.',
    ' ',
    '\n',
    'x',
    '\\',
    '\u001b[31m',
  ],
]

/**
 * Opens so many folders in which a file of a tokenizer or a chat template is damaged, uses what opens, and counts. Throws for the first that fails other than with an InputError
 * that names the folder or one of its files.
 */
export async function damageTokenizers(
  kind: 'tokenizer' | 'template',
  cases: number,
  seed: number,
): Promise<DamageCount> {
  const random = randomFrom(seed)
  const count: DamageCount = { cases, refused: 0, slowestMs: 0, slowest: '' }
  for (let index = 0; index < cases; index++) {
    const [name, { files }] = folders[random(folders.length)]!
    const file = Object.keys(files)[random(Object.keys(files).length)]!
    const changed = kind === 'template' ? 'chat_template.jinja' : file
    const damaged: Record<string, unknown> = {
      ...files,
      [changed]: damage(files[changed] ?? templateOf(files), random),
    }
    const beganMs = performance.now()
    const error = await use(damaged)
    const tookMs = performance.now() - beganMs
    const what = () =>
      `case ${index} of seed ${seed}: ${name}: ${changed}: ${JSON.stringify(damaged[changed])}`
    if (tookMs > count.slowestMs) Object.assign(count, { slowestMs: tookMs, slowest: what() })
    if (error === null) continue
    count.refused++
    const isOwn =
      error instanceof InputError && /^folder|^\w+(_\w+)*\.(json|jinja|txt)|^additional_/.test(error.message)
    if (!isOwn || error.message.length > 2000) throw new Error(what(), { cause: error })
  }
  return count
}

async function use(files: Record<string, unknown>): Promise<Error | null> {
  try {
    const tokenizer = await openTokenizer(filesInMemory(files))
    tokenizer.decode(tokenizer.encodeRaw(text))
    tokenizer.tokenText(1)
    tokenizer.endOfTurnId()
    tokenizer.takesSystemMessage()
    tokenizer.decode(tokenizer.encodeChat(question))
    return null
  } catch (error) {
    return error as Error
  }
}

/** The template in a tokenizer's config. */
function templateOf(files: Record<string, unknown>): unknown {
  return (files['tokenizer_config.json'] as { chat_template?: unknown } | undefined)?.chat_template ?? ''
}

/** A file with something else in it: bits of its text, a value of its JSON, or a template that nobody wrote. */
function damage(content: unknown, random: (below: number) => number): unknown {
  const kind = random(4)
  if (kind === 0) return Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join('')
  if (kind === 1 && typeof content === 'object' && content !== null) {
    const changed = structuredClone(content)
    for (let change = random(3); change >= 0; change--) replaceWithin(changed, random)
    return changed
  }
  let text = typeof content === 'string' ? content : JSON.stringify(content ?? '')
  for (let change = random(4); change >= 0; change--) {
    const [at, length] = [random(text.length + 1), random(20)]
    const put = [
      String.fromCharCode(random(128)),
      pieces[random(pieces.length)]!,
      text.slice(at, at + random(200)),
      '',
    ]
    text = text.slice(0, at) + put[random(4)]! + text.slice(at + (random(2) === 0 ? 0 : length))
  }
  return text
}

function replaceWithin(value: object, random: (below: number) => number): void {
  const record = value as Record<string, unknown>
  const keys = Object.keys(record)
  const key = keys[random(keys.length)]
  if (key === undefined) return
  const inner = record[key]
  if (typeof inner === 'object' && inner !== null && random(4) > 0) replaceWithin(inner, random)
  else record[key] = structuredClone(odd[random(odd.length)])
}

/** Whole numbers below a bound, the same for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
