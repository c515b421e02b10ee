import type { GgufMetadata } from '../../core/files/gguf.ts'
import type { ModelFiles } from '../../core/files/weight-files.ts'
import type { HttpModel } from '../../core/model/http-model.ts'
import { type AddedToken, findControlTokens, renderInPieces } from '../../core/tokenizer/added-tokens.ts'
import type { Encoder } from '../../core/tokenizer/encoder.ts'
import { firstBehind } from '../../core/tokenizer/tokenizer.ts'

/** The tokenizer of a model, for prompts that were rendered before: it needs no engine for templates. */
export type PageTokenizer = ReturnType<typeof createPageTokenizer>

/**
 * Opens the tokenizer of a model; the code for the kind of its files is loaded when it is met. Throws InputError for files that
 * are none.
 */
export function openPageTokenizer({
  tokenizerFrom,
}: Pick<HttpModel, 'tokenizerFrom'>): Promise<PageTokenizer> {
  return 'files' in tokenizerFrom ? ofFolder(tokenizerFrom.files) : ofGguf(tokenizerFrom.metadata)
}

async function ofFolder(files: ModelFiles): Promise<PageTokenizer> {
  const [{ readTokenizerFiles }, { createEncoder }] = await Promise.all([
    import('../../core/tokenizer/tokenizer-files.ts'),
    import('../../core/tokenizer/encoder.ts'),
  ])
  const read = await readTokenizerFiles(files, true)
  return createPageTokenizer(createEncoder(read), { ...read, eotId: null })
}

async function ofGguf(metadata: GgufMetadata): Promise<PageTokenizer> {
  const { openGgufEncoder } = await import('../../core/tokenizer/gguf-tokenizer.ts')
  const encoder = openGgufEncoder(metadata)
  return createPageTokenizer(encoder, { ...encoder, ...encoder.vocabulary })
}

/** What is known of a tokenizer beside how it encodes. */
interface Stated {
  addedTokens: readonly AddedToken[]
  /** As it is written; null without one. */
  chatTemplate: string | null
  /** Its own end of text, and of a turn; null where no file names one. */
  eosId: number | null
  eotId: number | null
}

function createPageTokenizer(encoder: Encoder, { addedTokens, chatTemplate, eosId, eotId }: Stated) {
  const added = addedTokens.map(({ content }) => content)
  const { encode, encodeRaw, decode, tokenText } = encoder
  return {
    encode,
    encodeRaw,
    decode,
    tokenText,
    eosId,
    /** What ends the turn of this text within a prompt: the first added token behind the last of it; null without one. */
    endOfTurnId: (prompt: string, text: string) => encoder.idOf(firstBehind(prompt, text, added)) ?? eotId,
    /**
     * Ids of a rendered prompt. Control tokens that the problem names are text, as they were when the run encoded its
     * conversation; those of worked examples are not told apart.
     */
    encodePrompt(prompt: string, problem: string): number[] {
      // A template may have trimmed it.
      const text = [problem, problem.trim()].find(text => text !== '' && prompt.includes(text))
      if (text === undefined) return encoder.encodePieces([{ text: prompt, isQuoted: false }])
      const around = prompt.split(text)
      // What a template puts together stands in the prompt, and what it writes elsewhere in its own text.
      const written = [chatTemplate ?? '', ...around].join('\0')
      const control = findControlTokens(addedTokens, written)
      return encoder.encodePieces(renderInPieces([text], control, ([marked]) => around.join(marked)))
    },
  }
}
