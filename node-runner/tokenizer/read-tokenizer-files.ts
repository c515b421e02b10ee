import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { refuseGitLfsPointer } from '../../core/formats/git-lfs-pointer.ts'
import { eosTokenOf } from '../../core/generate/stops.ts'
import { InputError } from '../../core/input-error.ts'

const addedTokenSchema = z.looseObject({
  id: z.int().nonnegative(),
  content: z.string(),
  special: z.boolean(),
})

const tokenizerSchema = z.looseObject({
  model: z.looseObject({ vocab: z.record(z.string(), z.int().nonnegative()) }),
  added_tokens: z.array(addedTokenSchema),
})

const namedTemplatesSchema = z.array(z.object({ name: z.string(), template: z.string() }))

const configSchema = z.looseObject({
  chat_template: z.union([z.string(), namedTemplatesSchema]).nullish(),
})

/** A token that tokenizer.json lists beside its vocabulary. */
export type AddedToken = z.infer<typeof addedTokenSchema>

/** What a model folder says about its tokenizer. */
export interface TokenizerFiles {
  tokenizerPath: string
  /** The whole of tokenizer.json. */
  tokenizer: Record<string, unknown>
  addedTokens: AddedToken[]
  /** Ids of the tokens of its model, by their text there. */
  vocabulary: Readonly<Record<string, number>>
  /** One more than the highest id. */
  vocabularySize: number
  /** The whole of tokenizer_config.json, its tokens by their texts. */
  config: Record<string, unknown>
  chatTemplate: string | null
  /** The token that ends a text; null where no file names one. */
  eosToken: string | null
}

/** Reads the tokenizer's files of a model folder. A chat_template.jinja goes before the template in the config. */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const tokenizerPath = join(folder, 'tokenizer.json')
  const tokenizer = await readJson(tokenizerPath, tokenizerSchema)
  const config = await readJson(join(folder, 'tokenizer_config.json'), configSchema)
  const templateFile = await readTextIfThere(join(folder, 'chat_template.jinja'))

  let vocabularySize = 0
  for (const id of Object.values(tokenizer.model.vocab)) vocabularySize = Math.max(vocabularySize, id + 1)
  for (const { id } of tokenizer.added_tokens) vocabularySize = Math.max(vocabularySize, id + 1)

  return {
    tokenizerPath,
    tokenizer,
    addedTokens: tokenizer.added_tokens,
    vocabulary: tokenizer.model.vocab,
    vocabularySize,
    config: withNamedTokens(config),
    chatTemplate: templateFile ?? defaultTemplate(config.chat_template),
    eosToken: await readEosToken(folder, config),
  }
}

/** The config with its tokens by their texts: those that it describes with more the library reads only in part. */
function withNamedTokens(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      const content = name.endsWith('_token') && (value as { content?: unknown } | null)?.content
      return [name, typeof content === 'string' ? content : value]
    }),
  )
}

/** The config's own, else that of the map which older folders have beside it. */
async function readEosToken(folder: string, config: object): Promise<string | null> {
  const stated = eosTokenOf(config)
  if (stated !== undefined) return stated
  const mapPath = join(folder, 'special_tokens_map.json')
  const isThere = (await readTextIfThere(mapPath)) !== null
  return isThere ? (eosTokenOf(await readJson(mapPath, z.looseObject({}))) ?? null) : null
}

function defaultTemplate(template: z.infer<typeof configSchema>['chat_template']): string | null {
  if (!Array.isArray(template)) return template ?? null
  return template.find(({ name }) => name === 'default')?.template ?? null
}

async function readJson<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
  const text = await readTextIfThere(path)
  if (text === null) {
    throw new InputError(
      `${path}: expected the model's tokenizer, found no such file. Download the whole model folder, or use --prompt-ids, which needs no tokenizer.`,
    )
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new InputError(
      `${path}: expected JSON, found ${text.length} characters that end or break off wrongly (${(error as Error).message}). Download the file again.`,
      { cause: error },
    )
  }
  const parsed = schema.safeParse(value)
  // The value itself: zod's copy of a record leaves out a token named `__proto__`.
  if (parsed.success) return value as z.infer<Schema>
  const issue = parsed.error.issues[0]!
  throw new InputError(
    `${path}: ${issue.message} at ${issue.path.join('.') || 'the top'}. Download the file again; a tokenizer of another kind cannot be used.`,
  )
}

async function readTextIfThere(path: string): Promise<string | null> {
  try {
    const text = await readFile(path, 'utf8')
    refuseGitLfsPointer(text, path)
    return text
  } catch (error) {
    if (error instanceof InputError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new InputError(`${path}: cannot be read: ${message}.`, { cause: error })
  }
}
