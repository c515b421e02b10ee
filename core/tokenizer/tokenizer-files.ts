import { z } from 'zod'
import { refuseGitLfsPointer } from '../files/git-lfs-pointer.ts'
import { type JsonBounds, readJson } from '../files/read-json.ts'
import type { ModelFiles } from '../files/weight-files.ts'
import { InputError } from '../input-error.ts'
import { type AddedToken, addedTokenFields, gatherAddedTokens, type StatedToken } from './added-tokens.ts'
import { beginningOf } from './beginning.ts'
import { eosTokenOf } from './tokenizer.ts'
import { tokenizerClass, tokenizerOfVocabulary } from './vocabulary-files.ts'

/** The files that say how a model reads text. Not all are there; what makes a prompt needs no other. */
export const tokenizerFileNames = [
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.json',
  'merges.txt',
  'added_tokens.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'chat_template.json',
  'additional_chat_templates/default.jinja',
] as const

type FileName = (typeof tokenizerFileNames)[number]

/** What a model folder says about its tokenizer. */
export interface TokenizerFiles {
  /** For messages: the file that the vocabulary comes from. */
  name: string
  /** As tokenizer.json has it, with every added token. */
  tokenizer: Record<string, unknown>
  /** tokenizer_config.json; empty where there is none. */
  config: Record<string, unknown>
  addedTokens: AddedToken[]
  /** One more than the highest id. */
  vocabularySize: number
  /** Texts of the tokens that a chat template may name: `bos_token`, `eos_token` and so on. */
  namedTokens: Record<string, string>
  /** Id of the end of text that a file names; null where none does, or the tokenizer has no such token. */
  eosId: number | null
  /** Ids that stand before a text which is in no template: the token that begins a sequence, where the files ask for it. */
  beginning: number[]
  /** Null where there is none. */
  chatTemplate: string | null
  /** For messages: the file that the template comes from. */
  templateName: FileName
  /** Names of the templates of which none is the default; empty where that is not why there is none. */
  otherTemplates: string[]
}

// Not z.record, whose copy leaves out a token named `__proto__`.
const ids = z.custom<Record<string, number>>(
  value =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(id => Number.isInteger(id) && id >= 0),
  'expected the id of every token',
)
const tokenizerSchema = z.looseObject({
  model: z.looseObject({ vocab: ids }),
  added_tokens: z.array(z.looseObject({ id: z.int().nonnegative() }).and(addedTokenFields)).default([]),
  post_processor: z.unknown().optional(),
})
const templatesSchema = z
  .union([
    z.string(),
    z.array(z.object({ name: z.string(), template: z.string() })),
    z
      .record(z.string(), z.string())
      .transform(byName => Object.entries(byName).map(([name, template]) => ({ name, template }))),
  ])
  .nullish()
const templateFileSchema = z.looseObject({ chat_template: templatesSchema })
const configSchema = z.looseObject({
  tokenizer_class: z.string().nullish(),
  chat_template: templatesSchema,
  added_tokens_decoder: z.record(z.string().regex(/^\d+$/, 'expected an id'), addedTokenFields).nullish(),
  add_bos_token: z.unknown().optional(),
})
/** A token by its text or as an object: special, whatever the object says. */
const specialToken = z.union([
  z.string().transform((content): StatedToken => ({ content, special: true })),
  z
    .looseObject({ content: z.string() })
    .transform((token): z.input<typeof addedTokenFields> => ({ ...token, special: true }))
    .pipe(addedTokenFields),
])
const extraTokens = z.union([z.array(specialToken), z.record(z.string(), specialToken)])

/** The order in which Transformers adds those that the vocabulary lacks; other names come after them. */
const tokenNames = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
]

/**
 * Reads the tokenizer of a model as Transformers does: tokenizer.json, or vocab.json with merges.txt; with the added tokens
 * that tokenizer_config.json lists beyond it, or where it lists none, those of added_tokens.json and special_tokens_map.json.
 * Of templates, additional_chat_templates/default.jinja goes before chat_template.jinja, and that before the config's;
 * chat_template.json, which processors once had, comes last. With `fewRequests` a template in the config goes before all,
 * since a page that asks for a file which is not there has an error in its console. Throws InputError.
 */
export async function readTokenizerFiles(files: ModelFiles, fewRequests = false): Promise<TokenizerFiles> {
  const whole = await readParsed(files, 'tokenizer.json', tokenizerSchema)
  const config = (await readParsed(files, 'tokenizer_config.json', configSchema)) ?? {}
  const tokenizer = whole ?? (await readVocabulary(files, config))
  const { vocab } = tokenizer.model

  // Where tokenizer_config.json lists the added tokens, the older files are not asked.
  const decoder = config.added_tokens_decoder
  const names = decoder
    ? config
    : { ...config, ...(await readParsed(files, 'special_tokens_map.json', z.looseObject({}))) }
  const older = decoder ? null : await readParsed(files, 'added_tokens.json', ids)
  const listed = new Set(tokenizer.added_tokens.map(({ content }) => content))
  const defaults = Object.entries(tokenizerClass(config.tokenizer_class)?.defaults ?? {}).filter(
    // A tokenizer.json is whole without them.
    ([, content]) => !whole || Object.hasOwn(vocab, content) || listed.has(content),
  )
  const named = readNamedTokens({ ...Object.fromEntries(defaults), ...names })
  const special = [...named.values(), ...readExtraTokens(names)]
  const ownTokens = gatherAddedTokens(vocab, tokenizer.added_tokens, [
    ...Object.entries(decoder ?? {})
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, token]) => token),
    ...Object.entries(older ?? {})
      .sort(([, a], [, b]) => a - b)
      .filter(([content]) => !listed.has(content))
      .map(([content]) => ({ content, special: special.some(token => token.content === content) })),
  ])
  const addedTokens = gatherAddedTokens(vocab, ownTokens, special)
  const bosToken = named.get('bos_token')?.content
  const eosToken = (await readEosToken(files, config)) ?? ''
  const allIds = [...Object.values(vocab), ...addedTokens.map(token => token.id)]
  return {
    name: `${files.name}/${whole ? 'tokenizer.json' : 'vocab.json'}`,
    tokenizer: { ...tokenizer, added_tokens: addedTokens },
    config,
    addedTokens,
    vocabularySize: allIds.reduce((size, id) => Math.max(size, id + 1), 0),
    namedTokens: Object.fromEntries(Array.from(named, ([name, { content }]) => [name, content])),
    eosId:
      ownTokens.find(({ content }) => content === eosToken)?.id ??
      (Object.hasOwn(vocab, eosToken) ? vocab[eosToken]! : null),
    beginning: whole
      ? beginningOf(whole.post_processor, `${files.name}/tokenizer.json`)
      : addedTokens.filter(({ content }) => config.add_bos_token && content === bosToken).map(({ id }) => id),
    ...(await readTemplate(files, config.chat_template, fewRequests)),
  }
}

async function readVocabulary(
  files: ModelFiles,
  config: z.infer<typeof configSchema>,
): Promise<z.infer<typeof tokenizerSchema>> {
  const vocab = await readParsed(files, 'vocab.json', ids)
  const merges = await readText(files, 'merges.txt')
  if (vocab === null || merges === null)
    throw new InputError(
      `${files.name}: expected tokenizer.json, or vocab.json with merges.txt, found no such file. ` +
        'Download the whole model folder, or use --prompt-ids, which needs no tokenizer.',
    )
  return tokenizerSchema.parse(tokenizerOfVocabulary(vocab, merges, config, files.name))
}

/** The tokens that have a name, in the order in which they are added. A name of null has none. */
function readNamedTokens(names: Record<string, unknown>): Map<string, StatedToken> {
  const others = Object.keys(names).filter(name => name.endsWith('_token') && !tokenNames.includes(name))
  return new Map(
    [...tokenNames, ...others].flatMap(name => {
      const token = specialToken.safeParse(names[name])
      return token.success ? [[name, token.data]] : []
    }),
  )
}

/** Special tokens beside the named ones, under the newer name of their list or, where that is empty, the older. */
function readExtraTokens(names: Record<string, unknown>): StatedToken[] {
  const lists = [names.extra_special_tokens, names.additional_special_tokens].map(list => {
    const { data = [] } = extraTokens.safeParse(list)
    return Object.values(data)
  })
  return lists.find(list => list.length > 0) ?? []
}

/** The config's own end of text, else that of the map which older folders have beside it. */
async function readEosToken(files: ModelFiles, config: object): Promise<string | null> {
  const stated = eosTokenOf(config)
  if (stated !== undefined) return stated
  return eosTokenOf((await readParsed(files, 'special_tokens_map.json', z.looseObject({}))) ?? {}) ?? null
}

async function readTemplate(
  files: ModelFiles,
  inConfig: z.infer<typeof templatesSchema>,
  fewRequests: boolean,
): Promise<Pick<TokenizerFiles, 'chatTemplate' | 'templateName' | 'otherTemplates'>> {
  const places: FileName[] = [
    'additional_chat_templates/default.jinja',
    'chat_template.jinja',
    'tokenizer_config.json',
    'chat_template.json',
  ]
  if (fewRequests) places.unshift('tokenizer_config.json')
  for (const templateName of places) {
    const template =
      templateName === 'tokenizer_config.json'
        ? inConfig
        : templateName === 'chat_template.json'
          ? (await readParsed(files, templateName, templateFileSchema))?.chat_template
          : await readText(files, templateName)
    if (template == null) continue
    if (!Array.isArray(template)) return { chatTemplate: template, templateName, otherTemplates: [] }
    const chatTemplate = template.find(({ name }) => name === 'default')?.template ?? null
    const names = template.map(({ name }) => name)
    return { chatTemplate, templateName, otherTemplates: names.filter(name => name !== 'default') }
  }
  return { chatTemplate: null, templateName: 'tokenizer_config.json', otherTemplates: [] }
}

/** Bounds of what has no vocabulary in it, some ten times what the largest published files hold. */
const smallFiles: JsonBounds = { bytes: 20_000_000, depth: 32, values: 500_000 }
const mostAddedTokens = 100_000

/** A JSON file as the schema reads it; null where there is none. */
async function readParsed<Schema extends z.ZodType>(
  files: ModelFiles,
  name: FileName,
  schema: Schema,
): Promise<z.infer<Schema> | null> {
  const source = await files.open(name)
  if (!source) return null
  const isVocabulary = name === 'tokenizer.json' || name === 'vocab.json'
  const json = await readJson(source, isVocabulary ? undefined : smallFiles)
  const { added_tokens: added } = (json ?? {}) as { added_tokens?: unknown }
  // Before each of them is looked at, and each of its faults described.
  if (Array.isArray(added) && added.length > mostAddedTokens)
    throw new InputError(
      `${source.name}: ${added.length} added tokens, expected at most ${mostAddedTokens}. Download the file again.`,
    )
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw new InputError(
    `${source.name}: ${issue.message.slice(0, 200)} at ${issue.path.join('.').slice(0, 200) || 'the top'}. Download the file again; a tokenizer of another kind cannot be used.`,
  )
}

/** A text file; null where there is none. */
async function readText(files: ModelFiles, name: FileName): Promise<string | null> {
  const source = await files.open(name)
  if (!source) return null
  const bytes = await source.slice(0)
  refuseGitLfsPointer(bytes, source.name)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new InputError(`${source.name}: expected UTF-8, found other bytes. Download the file again.`)
  }
}
