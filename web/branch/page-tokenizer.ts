import { Tokenizer as Library } from '@huggingface/tokenizers'
import { z } from 'zod'
import { readJson } from '../../core/formats/read-json.ts'
import type { ModelFiles } from '../../core/formats/weight-files.ts'
import { encodeChat } from '../../core/generate/encode-chat.ts'
import { eosTokenOf, firstBehind } from '../../core/generate/stops.ts'
import type { Tokenizer } from '../../core/generate/tokenizer.ts'
import { InputError } from '../../core/input-error.ts'

/** A tokenizer for prompts that were rendered before: it needs no chat template. */
export interface PageTokenizer extends Pick<Tokenizer, 'encode' | 'decode' | 'tokenText'> {
  /**
   * Ids of a rendered prompt. Special tokens that the problem quotes are text, as they were when the run encoded its
   * conversation; those of worked examples are not told apart.
   */
  encodePrompt(prompt: string, problem: string): number[]
  /** Its own end of text; null where no file names one. */
  readonly eosId: number | null
  /** The first added token behind the last of these texts within a prompt; null without one. */
  idBehind(prompt: string, text: string): number | null
}

const addedToken = z.looseObject({ id: z.int(), content: z.string(), special: z.boolean() })
const tokenizerFile = z.looseObject({
  model: z.looseObject({}),
  added_tokens: z.array(addedToken),
})

/** The tokenizer of a model: `tokenizer.json` and `tokenizer_config.json`. Throws InputError for files that are none. */
export async function openPageTokenizer(files: ModelFiles): Promise<PageTokenizer> {
  const [tokenizer, config] = await Promise.all([
    readObject(files, 'tokenizer.json'),
    readObject(files, 'tokenizer_config.json'),
  ])
  const parsed = tokenizerFile.safeParse(tokenizer)
  if (!parsed.success)
    throw new InputError(
      `${files.name}: tokenizer.json is no tokenizer that can be read; fetch the model's own again`,
    )
  const added = parsed.data.added_tokens
  const specialIds = new Map(added.filter(token => token.special).map(token => [token.content, token.id]))
  const idOf = (text: string | null) => added.find(({ content }) => content === text)?.id ?? null
  const full = new Library(tokenizer, config)
  let plain: Library | null = null
  const encodeWith = (library: Library, text: string) =>
    library.encode(text, { add_special_tokens: false }).ids
  const encode = (text: string) => encodeWith(full, text)
  const decode = (ids: readonly number[], skipSpecialTokens: boolean) =>
    ids.length === 0
      ? ''
      : full.decode([...ids], {
          skip_special_tokens: skipSpecialTokens,
          // It drops spaces before punctuation, which the model did write.
          clean_up_tokenization_spaces: false,
        })
  return {
    encode,
    decode: ids => decode(ids, true),
    tokenText: id => decode([id], false),
    eosId: idOf(await readEosToken(files, config)),
    idBehind: (prompt, text) =>
      idOf(
        firstBehind(
          prompt,
          text,
          added.map(({ content }) => content),
        ),
      ),
    encodePrompt(prompt, problem) {
      const at = prompt.lastIndexOf(problem)
      if (at === -1 || problem === '') return encode(prompt)
      const [before, after] = [prompt.slice(0, at), prompt.slice(at + problem.length)]
      return encodeChat([{ role: 'user', content: problem }], {
        specialIds,
        render: ([message]) => before + message!.content + after,
        encode,
        encodePlain(text) {
          plain ??= new Library({ ...tokenizer, added_tokens: added.filter(token => !token.special) }, config)
          return encodeWith(plain, text)
        },
      })
    },
  }
}

/** The config's own, else that of the map which older folders have beside it. */
async function readEosToken(files: ModelFiles, config: object): Promise<string | null> {
  const stated = eosTokenOf(config)
  if (stated !== undefined) return stated
  // Asked for last: a browser reports every address where nothing is.
  const map = await files.open('special_tokens_map.json')
  return map ? (eosTokenOf(Object(await readJson(map))) ?? null) : null
}

async function readObject(files: ModelFiles, name: string): Promise<object> {
  const source = await files.open(name)
  const value = source && (await readJson(source))
  if (typeof value === 'object' && value !== null) return value
  throw new InputError(
    `${files.name}: expected ${name} with a JSON object, found ${source ? 'another value' : 'no such file'}; ` +
      'fetch the whole model folder',
  )
}
