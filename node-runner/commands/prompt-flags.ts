import { InputError } from '../../core/input-error.ts'
import {
  describeTemplateArguments,
  readTemplateArguments,
  type TemplateArguments,
} from '../../core/tokenizer/template-arguments.ts'
import type { Tokenizer, TokenizerEnds } from '../../core/tokenizer/tokenizer.ts'
import { loadTokenizer, type TokenizerOptions } from '../models/load-tokenizer.ts'
import type { RecordedValues } from '../run/recorded-flags.ts'
import type { Progress } from '../terminal/progress.ts'

/** Flags of `eval` and `generate` that say how a prompt is made. */
export interface PromptFlags extends Pick<RecordedValues, 'raw'> {
  systemPrompt?: string
  templateArg: string[]
}

/** The flags of which some have no place beside --raw; which of them there are depends on the command. */
interface FlagsBesideRaw extends PromptFlags {
  promptIds?: unknown
  promptStyle?: string
  pTrue?: boolean
}

/**
 * The arguments that flags give the chat template. Throws InputError for what is none, and for flags that ask for a template, or for
 * none of a text, where --raw asks for a text in no template.
 */
export function templateArgumentsOf(flags: FlagsBesideRaw): TemplateArguments {
  const { raw, templateArg, systemPrompt, promptStyle = 'plain', promptIds, pTrue = false } = flags
  if (templateArg.length > 0 && promptIds !== undefined)
    throw new InputError('--template-arg: ids are in no chat template, expected no --prompt-ids beside it')
  if (!raw) return readTemplateArguments(templateArg)
  const needless: [string, boolean, string][] = [
    ['--system-prompt', systemPrompt !== undefined, 'is a part of a chat template'],
    ['--template-arg', templateArg.length > 0, 'is for a chat template'],
    [`--prompt-style ${promptStyle}`, promptStyle !== 'plain', 'adds an instruction to the problem'],
    ['--p-true', pTrue, 'asks in the chat template'],
    ['--prompt-ids', promptIds !== undefined, 'are in no template as they are'],
  ]
  for (const [flag, isGiven, why] of needless)
    if (isGiven)
      throw new InputError(
        `--raw: the problem is the whole prompt, in no chat template, expected no ${flag} beside it, which ${why}; leave out one of them`,
      )
  return {}
}

/** The tokenizer of a model whose chat template gets what flags say; what of that has no effect is told. */
export async function loadTokenizerFor(
  flags: FlagsBesideRaw,
  folder: string,
  progress: Progress,
  options: Pick<TokenizerOptions, 'onFile'> = {},
): Promise<Tokenizer & TokenizerEnds> {
  const given = templateArgumentsOf(flags)
  const say = (warning: string) => progress.say(warning)
  const tokenizer = await loadTokenizer(folder, { ...options, say, templateArguments: given })
  if (Object.keys(given).length > 0)
    for (const line of describeTemplateArguments(given, tokenizer.unreadArguments())) progress.say(line)
  return tokenizer
}
