import type { ModelFiles } from '../../core/files/weight-files.ts'
import { findControlTokens, renderInPieces } from '../../core/tokenizer/added-tokens.ts'
import { createEncoder } from '../../core/tokenizer/encoder.ts'
import { firstBehind } from '../../core/tokenizer/tokenizer.ts'
import { readTokenizerFiles } from '../../core/tokenizer/tokenizer-files.ts'

/**
 * The tokenizer of a model, for prompts that were rendered before: it needs no engine for templates. Throws InputError for
 * files that are none.
 */
export async function openPageTokenizer(files: ModelFiles) {
  const { chatTemplate, addedTokens, ...others } = await readTokenizerFiles(files, true)
  const encoder = createEncoder({ chatTemplate, addedTokens, ...others })
  const added = addedTokens.map(({ content }) => content)
  return {
    ...encoder,
    /** Its own end of text; null where no file names one. */
    eosId: others.eosId,
    /** The first added token behind the last of these texts within a prompt; null without one. */
    idBehind: (prompt: string, text: string) => encoder.idOf(firstBehind(prompt, text, added)),
    /**
     * Ids of a rendered prompt. Control tokens that the problem names are text, as they were when the run encoded its
     * conversation; those of worked examples are not told apart.
     */
    encodePrompt(prompt: string, problem: string): number[] {
      // A template may have trimmed it.
      const text = [problem, problem.trim()].find(text => text !== '' && prompt.includes(text))
      if (text === undefined) return encoder.encode(prompt)
      const around = prompt.split(text)
      // What a template puts together stands in the prompt, and what it writes elsewhere in its own text.
      const written = [chatTemplate ?? '', ...around].join('\0')
      const control = findControlTokens(addedTokens, written)
      return encoder.encodePieces(renderInPieces([text], control, ([marked]) => around.join(marked)))
    },
  }
}
