import type { ModelFiles } from '../files/weight-files.ts'
import { InputError } from '../input-error.ts'
import { type ChatTemplate, compileChatTemplate } from './chat-template.ts'
import { createConversations } from './conversations.ts'
import { createEncoder } from './encoder.ts'
import type { TemplateArguments } from './template-arguments.ts'
import type { Tokenizer, TokenizerEnds } from './tokenizer.ts'
import { readTokenizerFiles, type TokenizerFiles } from './tokenizer-files.ts'

/** Opens the tokenizer of a model, whose chat template gets the arguments. Throws InputError for what is none. */
export async function openTokenizer(
  modelFiles: ModelFiles,
  templateArguments: TemplateArguments = {},
): Promise<Tokenizer & TokenizerEnds> {
  const files = await readTokenizerFiles(modelFiles)
  const { encodePieces, idOf, ...encoder } = createEncoder(files)
  const conversations = createConversations({
    templateName: `${modelFiles.name}/${files.templateName}`,
    templateRemedy: 'put another template into chat_template.jinja',
    addedTokens: files.addedTokens,
    compileTemplate: () => compile(files, modelFiles.name, templateArguments),
    idOf,
    encodePieces,
  })
  return { ...encoder, ...conversations, eosId: files.eosId }
}

function compile(
  { chatTemplate, otherTemplates, namedTokens }: TokenizerFiles,
  folder: string,
  templateArguments: TemplateArguments,
): ChatTemplate {
  if (chatTemplate === null) {
    const found = otherTemplates.length > 0 ? `those named ${namesOf(otherTemplates)} and no default` : 'none'
    throw new InputError(
      `${folder}: tokenizer_config.json: expected a chat_template, found ${found}, nor a file chat_template.jinja beside it. ` +
        'Use an instruction-tuned model, put its template into chat_template.jinja, or ask without one: --raw takes the problem as the prompt.',
    )
  }
  return compileChatTemplate(chatTemplate, namedTokens, templateArguments)
}

/** Some names, of which a file may hold as many and as long ones as it likes. */
function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, 10).map(name => name.slice(0, 80))
  return names.length > shown.length
    ? `${shown.join(', ')} and ${names.length - shown.length} more`
    : shown.join(', ')
}
