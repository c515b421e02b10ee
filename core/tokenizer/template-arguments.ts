import { InputError } from '../input-error.ts'

/** Variables that a chat template is given beside those that it always has, by name: values as JSON has them. */
export type TemplateArguments = Readonly<Record<string, unknown>>

/** Variables that a template has whatever is asked, beside the named tokens: those of `apply_chat_template` of Transformers, and Jinja's. */
const standardNames = new Set([
  ...['messages', 'conversation', 'tools', 'documents', 'chat_template', 'add_generation_prompt'],
  ...['continue_final_message', 'raise_exception', 'strftime_now', 'range', 'namespace', 'loop', 'dict'],
  ...['true', 'false', 'none', 'True', 'False', 'None', 'and', 'or', 'not', 'in', 'is', 'if', 'else'],
])

/**
 * The arguments of a chat template from texts as "enable_thinking=false": a value is JSON where it can be read as such, else the
 * text itself. Throws InputError for what names no variable, or one that the template has in any case, or twice the same.
 */
export function readTemplateArguments(texts: readonly string[]): TemplateArguments {
  const found = new Map<string, unknown>()
  for (const text of texts) {
    const at = text.indexOf('=')
    const name = text.slice(0, Math.max(0, at))
    const refuse = (what: string): never => {
      throw new InputError(`--template-arg ${JSON.stringify(text)}: ${what}`)
    }
    if (!/^[A-Za-z_]\w*$/.test(name))
      refuse('expected NAME=VALUE with the name of a variable, as enable_thinking=false')
    if (standardNames.has(name) || name.endsWith('_token'))
      refuse(
        `the template is given ${name} in any case, expected the name of a variable of its own; leave it out`,
      )
    if (found.has(name)) refuse(`${name} is given twice, expected each once; leave one out`)
    found.set(name, readValue(text.slice(at + 1)))
  }
  return Object.fromEntries(found)
}

/** The same arguments as texts. */
export function templateArgumentTexts(given: TemplateArguments): string[] {
  return Object.entries(given).map(([name, value]) => {
    const isPlain = typeof value === 'string' && readValue(value) === value
    return `${name}=${isPlain ? value : JSON.stringify(value)}`
  })
}

/** Of arguments, what a user may not have meant: a line each. `unread` are those that the template never looks at. */
export function describeTemplateArguments(given: TemplateArguments, unread: readonly string[]): string[] {
  const ofPython: Record<string, string> = { True: 'true', False: 'false', None: 'null' }
  return [
    ...unread.map(
      name =>
        `--template-arg ${name}: the model's chat template never looks at it, so that it changes nothing`,
    ),
    ...Object.entries(given).flatMap(([name, value]) =>
      typeof value === 'string' && Object.hasOwn(ofPython, value)
        ? [
            `--template-arg ${name}=${value}: is the text ${JSON.stringify(value)}; JSON has ${ofPython[value]}`,
          ]
        : [],
    ),
  ]
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
