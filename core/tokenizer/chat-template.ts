import { Environment, parse, tokenize } from '@huggingface/jinja'
import { BoundedInterpreter, StepsExceeded } from './bounded-interpreter.ts'
import { asPython, isNode, setPythonFunctions, type TemplateNode } from './python-template.ts'
import type { TemplateArguments } from './template-arguments.ts'
import type { ChatMessage } from './tokenizer.ts'

/** A chat template, ready to be rendered. */
export type ChatTemplate = ReturnType<typeof compileChatTemplate>

/** Qwen2.5's template has 2,507 characters. What is longer than this, or mostly white space, was not written to be read. */
const mostCharacters = 200_000
const mostWhiteSpace = 1_000
/** Of what a template writes by itself, as much is looked at. */
const mostWritten = 100_000
const mostItems = 100_000

/**
 * Compiles a template; `namedTokens` are its variables `bos_token` and so on, `givenArguments` those that a user names beside
 * them. Throws where it is no template, and where three short conversations already take more steps than any may.
 */
export function compileChatTemplate(
  source: string,
  namedTokens: Readonly<Record<string, string>>,
  givenArguments: TemplateArguments = {},
) {
  refuseLong(source)
  const program = parse(tokenize(asLexed(source), { trim_blocks: true, lstrip_blocks: true }))
  const looked = namesLookedUp(program as unknown as TemplateNode)
  asPython(program)
  const globalScope = new Environment()
  setPythonFunctions(globalScope)
  const variables = { ...globals, ...namedTokens, ...givenArguments }
  for (const [name, value] of Object.entries(variables)) globalScope.set(name, value)
  /**
   * The conversation up to where the model's answer begins, as Transformers renders it. Throws where the template does, and
   * where it asks for something that is not known here. Without `isAsked` it ends with the last message.
   */
  const render = (messages: readonly ChatMessage[], isAsked = true) => {
    const scope = new Environment(globalScope)
    scope.set('messages', messages)
    scope.set('add_generation_prompt', isAsked)
    return new BoundedInterpreter(scope, messages).run(program).toString()
  }
  /** What it writes by itself, whatever the messages are. */
  const written = [
    ...textsOf(program as unknown as TemplateNode),
    ...conversations.map(roles => renderRoles(roles, render)),
  ]
    .join('\0')
    .slice(0, mostWritten)
  /** Arguments that it never looks at. */
  const unread = Object.keys(givenArguments).filter(name => !looked.has(name))
  return { render, written, unread }
}

/** What a template finds beside the messages, as `apply_chat_template` of Transformers sets it. */
const globals = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
  tools: null,
  documents: null,
  raise_exception(message: string) {
    throw new Error(message)
  },
  range(...[first, end, step = 1]: [number, number?, number?]) {
    const [start, stop] = end === undefined ? [0, first] : [first, end]
    const length = Math.max(0, Math.ceil((stop - start) / step))
    if (!(length <= mostItems)) throw new Error(`range: ${length} numbers, expected at most ${mostItems}`)
    return Array.from({ length }, (_, i) => start + i * step)
  },
}

/** The engine goes back over a run of white space from each of its characters. */
function refuseLong(source: string): void {
  if (source.length > mostCharacters)
    throw new Error(`it has ${source.length} characters, expected at most ${mostCharacters}`)
  let run = 0
  for (let at = 0; at < source.length; at++) {
    run = source[at]!.trim() === '' ? run + 1 : 0
    if (run > mostWhiteSpace)
      throw new Error(
        `line ${source.slice(0, at).split('\n').length}: more than ${mostWhiteSpace} characters of white space in a row`,
      )
  }
}

/**
 * The source as jinja2's lexer takes it and this engine's does not: line ends of any system are one character, within quotes
 * too, and a plus sign keeps white space that a tag would have trimmed. Transformers' tag for what a model generated only
 * marks; the engine would take it out with the ends of what stands around it.
 */
function asLexed(source: string): string {
  return source
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/\{%([-+]?)\s*generation\s*([-+]?)%\}/g, '{%$1 if true $2%}')
    .replaceAll(/\{%([-+]?)\s*endgeneration\s*([-+]?)%\}/g, '{%$1 endif $2%}')
    .replaceAll('{%+', "{{ '' }}{%")
    .replaceAll('+%}', "%}{{ '' }}")
}

/** Conversations whose renderings show what a template puts together, as `'<|' + message.role + '|>'`. */
const conversations: ChatMessage['role'][][] = [['user'], ['system', 'user'], ['user', 'assistant', 'user']]

function renderRoles(roles: ChatMessage['role'][], render: (messages: ChatMessage[]) => string): string {
  try {
    return render(roles.map(role => ({ role, content: 'x' })))
  } catch (error) {
    if (error instanceof StepsExceeded) throw error
    return ''
  }
}

/** Every text in a template, outside its tags and in quotes. */
function textsOf(node: TemplateNode): string[] {
  return node.type === 'StringLiteral' ? [String(node.value)] : partsOf(node).flatMap(textsOf)
}

/** The parts of a part of a template, without those under some names. */
function partsOf(node: TemplateNode, without: readonly string[] = []): TemplateNode[] {
  return Object.entries(node)
    .filter(([name]) => !without.includes(name))
    .flatMap(([, value]) => (value instanceof Map ? [...value].flat() : value))
    .filter(isNode)
}

/** Where, by the type of a part, a name stands that is set or that names an attribute, a test or an argument: it is not looked up. */
const labels: Readonly<Record<string, readonly string[]>> = {
  Set: ['assignee'],
  For: ['loopvar'],
  Macro: ['name'],
  TestExpression: ['test'],
  KeywordArgumentExpression: ['key'],
}

/** The names of variables that a template looks at. */
function namesLookedUp(node: TemplateNode, names = new Set<string>()): ReadonlySet<string> {
  if (node.type === 'Identifier') names.add(String(node.value))
  const isPlain = (part: unknown) =>
    isNode(part) && (part.type === 'Identifier' || part.type === 'TupleLiteral')
  const own = (labels[node.type] ?? []).filter(name => isPlain(node[name]))
  if (node.type === 'MemberExpression' && !node['computed']) own.push('property')
  if (node.type === 'FilterExpression' && isPlain(node['filter'])) own.push('filter')
  for (const part of partsOf(node, own)) namesLookedUp(part, names)
  return names
}
