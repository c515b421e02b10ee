import { join } from 'node:path'
import type { PreTrainedTokenizer } from '@huggingface/transformers'
import { encodeChat } from '../../core/generate/encode-chat.ts'
import { endOfTurn, type TokenizerEnds } from '../../core/generate/stops.ts'
import type { ChatMessage, Tokenizer } from '../../core/generate/tokenizer.ts'
import { InputError } from '../../core/input-error.ts'

import { importTransformers, type Transformers } from './import-transformers.ts'
import { type AddedToken, readTokenizerFiles, type TokenizerFiles } from './read-tokenizer-files.ts'

/**
 * The tokenizer of a model folder: `tokenizer.json`, `tokenizer_config.json` and, where the template is not in the
 * latter, `chat_template.jinja`. Reads no network. Throws an InputError when a file is missing or broken.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer & TokenizerEnds> {
  const files = await readTokenizerFiles(folder)
  const transformers = await importTransformers()
  const full = construct(transformers, files, files.addedTokens)
  const specialTokens = files.addedTokens.filter(token => token.special)
  const specialIds = new Map(specialTokens.map(token => [token.content, token.id]))
  // Building the tables of a large vocabulary takes most of a second, and few conversations quote special tokens.
  let plain: PreTrainedTokenizer | undefined

  function encode(text: string): number[] {
    return full.encode(text, { add_special_tokens: false })
  }

  function encodePlain(text: string): number[] {
    const withoutSpecial = files.addedTokens.filter(token => !token.special)
    plain ??= construct(transformers, files, withoutSpecial)
    return plain.encode(text, { add_special_tokens: false })
  }

  function decode(ids: readonly number[], skipSpecialTokens: boolean): string {
    if (ids.length === 0) return ''
    // Clean-up drops spaces before punctuation, which the model did write.
    return full.decode([...ids], {
      skip_special_tokens: skipSpecialTokens,
      clean_up_tokenization_spaces: false,
    })
  }

  function renderChat(messages: readonly ChatMessage[], addGenerationPrompt = true): string {
    if (files.chatTemplate === null) {
      throw new InputError(
        `${join(folder, 'tokenizer_config.json')}: expected a chat_template, found none, nor a file chat_template.jinja beside it. ` +
          'Use an instruction-tuned model, or put its template into chat_template.jinja.',
      )
    }
    try {
      return full.apply_chat_template([...messages], {
        chat_template: files.chatTemplate,
        tokenize: false,
        add_generation_prompt: addGenerationPrompt,
      })
    } catch (error) {
      const roles = messages.map(message => message.role).join(', ')
      throw new InputError(
        `${folder}: the chat template could not be rendered for the roles ${roles}: ${(error as Error).message}. ` +
          'Leave out a system prompt if the model takes none; else mend the template.',
        { cause: error },
      )
    }
  }

  const idOf = (token: string | null) => {
    const added = files.addedTokens.find(({ content }) => content === token)
    return (
      added?.id ??
      (token !== null && Object.hasOwn(files.vocabulary, token) ? files.vocabulary[token]! : null)
    )
  }

  function endOfTurnId(): number | null {
    if (files.chatTemplate === null) return null
    const tokens = [...files.addedTokens.map(({ content }) => content), files.eosToken ?? '']
    return idOf(endOfTurn(messages => renderChat(messages, false), tokens))
  }

  return {
    encode,
    decode: ids => decode(ids, true),
    tokenText: id => decode([id], false),
    renderChat: messages => renderChat(messages),
    encodeChat: messages => encodeChat(messages, { specialIds, render: renderChat, encode, encodePlain }),
    vocabularySize: files.vocabularySize,
    eosId: idOf(files.eosToken),
    endOfTurnId,
  }
}

function construct(
  transformers: Transformers,
  files: TokenizerFiles,
  addedTokens: AddedToken[],
): PreTrainedTokenizer {
  try {
    return new transformers.PreTrainedTokenizer(
      { ...files.tokenizer, added_tokens: addedTokens },
      files.config,
    )
  } catch (error) {
    throw new InputError(
      `${files.tokenizerPath}: this is no tokenizer that can be read: ${(error as Error).message}. Download the model's tokenizer.json again.`,
      { cause: error },
    )
  }
}
