import { type Environment, parse, tokenize } from '@huggingface/jinja'

/** A parsed template, or a part of one. The package has no names for the parts. */
export interface TemplateNode {
  type: string
  [field: string]: unknown
}

/** Whether a value within a parsed template is a part of it. */
export function isNode(value: unknown): value is TemplateNode {
  return typeof value === 'object' && value !== null && 'type' in value
}

/**
 * Changes a parsed template so that the engine evaluates it as Python's jinja2 does. Left alone, @huggingface/jinja 0.5
 * ignores which characters `strip`, `lstrip` and `rstrip` are to strip and takes other ones for white space; takes '' for
 * equal to false; prints true and none in JavaScript's ways; hands what one turn of a loop sets on to the next; and forgets
 * what a turn wrote before it jumps.
 */
export function asPython(program: ReturnType<typeof parse>): void {
  changeWithin(program as unknown as TemplateNode)
  program.body.unshift(...parse(tokenize('{% macro python_turn() %}{{ caller() }}{% endmacro %}')).body)
}

/** A value as the engine holds it: `value` is a text, a number, a truth value, or an array or a Map of further ones. */
export interface RuntimeValue {
  type: string
  value: unknown
}

/** Sets what a changed template calls, and what of jinja2's or Transformers' functions the engine has otherwise. */
export function setPythonFunctions(environment: Environment): void {
  const functions: Record<string, (...values: RuntimeValue[]) => string | boolean> = {
    python_strip: strip,
    python_equal: (left, right) => isEqual(left, right),
    python_differs: (left, right) => !isEqual(left, right),
    python_text: printText,
    strftime_now: format => strftimeNow(String(format?.value)),
  }
  // The engine has classes for what it holds, and gives them to nobody: these two are those of a text and a truth value.
  const [Text, Truth] = ['', false].map(
    (value, index) => environment.set(`python_value_${index}`, value).constructor,
  ) as [new (value: string) => RuntimeValue, new (value: boolean) => RuntimeValue]
  // Functions are given bare values, among which none and what is not defined are one: take what the engine holds.
  for (const [name, compute] of Object.entries(functions))
    Object.assign(
      environment.set(name, () => null),
      {
        value(values: RuntimeValue[]) {
          const result = compute(...values)
          return typeof result === 'string' ? new Text(result) : new Truth(result)
        },
      },
    )
}

/** Changes what a node holds; the node itself stays, since the engine asks for its class. */
function changeWithin(node: TemplateNode): void {
  for (const [field, value] of Object.entries(node)) {
    if (isNode(value)) node[field] = changed(value)
    else if (Array.isArray(value)) node[field] = value.map(item => (isNode(item) ? changed(item) : item))
    else if (value instanceof Map)
      node[field] = new Map([...value].map(([key, item]) => [changed(key), changed(item)]))
  }
  for (const field of ['body', 'alternate', 'defaultBlock'])
    if (Array.isArray(node[field])) node[field] = node[field].flatMap(changedStatement)
}

/** Kinds of expressions whose value may be true, false, none, a list or a mapping. */
const printedKinds = /^(Identifier|\w+Expression|Ternary|(Array|Tuple|Object)Literal)$/

/** What stands in a statement's place once what it holds is changed. */
function changedStatement(node: TemplateNode): TemplateNode[] {
  if (printedKinds.test(node.type)) return [call('python_text', node)]
  if (node.type !== 'For') return [node]
  const body = node.body as TemplateNode[]
  // A block of its own for every turn, whose variables end with it.
  const turn = (body: TemplateNode[]) => parsed('{% call python_turn() %}{% endcall %}', { body })
  if (!body.some(jumps)) return [Object.assign(node, { body: [turn(body)] })]
  const started = parsed('{% set python_ended = namespace(on=false) %}')
  const unlessEnded = parsed('{% if not python_ended.on %}{% endif %}', { body: [turn(withoutJumps(body))] })
  // A block around it all, so that a loop within a loop has an end of its own.
  return [turn([started, Object.assign(node, { body: [unlessEnded] })])]
}

/** Whether a statement may end a turn of the loop that it is in. */
function jumps(node: TemplateNode): boolean {
  const branches = [node.body, node.alternate] as (TemplateNode[] | undefined)[]
  return (
    ['Break', 'Continue'].includes(node.type) ||
    (node.type === 'If' && branches.some(branch => branch?.some(jumps)))
  )
}

/** The body of a turn in which what follows a jump depends on it: an engine's own jump forgets what the turn has written. */
function withoutJumps(body: TemplateNode[]): TemplateNode[] {
  return [parsed('{% set python_skipped = namespace(on=false) %}'), ...flagged(body)]
}

function flagged(body: TemplateNode[]): TemplateNode[] {
  const at = body.findIndex(jumps)
  const node = body[at]
  if (!node) return body
  const before = body.slice(0, at)
  if (node.type === 'Continue') return [...before, parsed('{% set python_skipped.on = true %}')]
  if (node.type === 'Break')
    return [
      ...before,
      parsed('{% set python_skipped.on = true %}'),
      parsed('{% set python_ended.on = true %}'),
    ]
  const { body: then, alternate } = node as TemplateNode & Record<'body' | 'alternate', TemplateNode[]>
  const rest = parsed('{% if not python_skipped.on %}{% endif %}', { body: flagged(body.slice(at + 1)) })
  return [...before, Object.assign(node, { body: flagged(then), alternate: flagged(alternate) }), rest]
}

function changed(node: TemplateNode): TemplateNode {
  changeWithin(node)
  const { callee, args, operand, filter, operator, left, right } = node as unknown as Record<
    'callee' | 'operand' | 'filter' | 'operator' | 'left' | 'right',
    TemplateNode
  > & { args: TemplateNode[] }
  if (node.type === 'CallExpression' && callee.type === 'MemberExpression') {
    const { object, property } = callee as TemplateNode & { object: TemplateNode; property: TemplateNode }
    if (/^[lr]?strip$/.test(String(property.value)))
      return call('python_strip', literal(String(property.value)), object, ...args)
  }
  if (node.type === 'FilterExpression') {
    const { value, args = [] } = isNode(filter.callee) ? { ...filter.callee, ...filter } : filter
    if (value === 'trim') return call('python_strip', literal('strip'), operand, ...(args as TemplateNode[]))
  }
  if (node.type === 'BinaryExpression') {
    if (operator.value === '==') return call('python_equal', left, right)
    if (operator.value === '!=') return call('python_differs', left, right)
    if (operator.value === '~') {
      const sides = { left: call('python_text', left), right: call('python_text', right) }
      return Object.assign(node, { operator: { ...operator, value: '+' }, ...sides })
    }
  }
  return node
}

function call(name: string, ...args: TemplateNode[]): TemplateNode {
  return parsed(`{{ ${name}() }}`, { args })
}

function literal(value: string): TemplateNode {
  return parsed("{{ '' }}", { value })
}

/** A node by how it is written, with some of its fields in place of those that it then has. */
function parsed(source: string, fields: object = {}): TemplateNode {
  const [node] = parse(tokenize(source)).body as unknown as TemplateNode[]
  return Object.assign(node!, fields)
}

/** What Python takes for white space, which is neither what JavaScript nor what Unicode does. */
const whiteSpace =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a' +
  '\u2028\u2029\u202f\u205f\u3000'

/** `str.strip`, `str.lstrip` or `str.rstrip` of Python with the characters to strip; without any, white space. */
function strip(method?: RuntimeValue, value?: RuntimeValue, characters?: RuntimeValue): string {
  const which = String(method?.value)
  const set = typeof characters?.value === 'string' ? characters.value : whiteSpace
  if (typeof value?.value !== 'string') throw new Error(`${which}: expected a text to strip`)
  const all = [...value.value]
  let [start, end] = [0, all.length]
  if (which !== 'rstrip') while (start < end && set.includes(all[start]!)) start++
  if (which !== 'lstrip') while (start < end && set.includes(all[end - 1]!)) end--
  return all.slice(start, end).join('')
}

/** Python's `==`: a text equals no number, none nothing else, and lists and mappings are equal by what they hold. */
function isEqual(left?: RuntimeValue, right?: RuntimeValue): boolean {
  const [a, b] = [left?.value, right?.value]
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index]))
  if (a instanceof Map && b instanceof Map)
    return a.size === b.size && [...a].every(([key, item]) => b.has(key) && isEqual(item, b.get(key)))
  const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'boolean'
  if (isNumber(a) && isNumber(b)) return Number(a) === Number(b)
  return left?.type === right?.type && a === b
}

/** A value as a template prints it. */
function printText(value?: RuntimeValue): string {
  switch (value?.type) {
    case 'NullValue':
      return 'None'
    case 'UndefinedValue':
      return ''
    case 'BooleanValue':
      return value.value ? 'True' : 'False'
    case 'StringValue':
    case 'IntegerValue':
    case 'FloatValue':
      // The engine's own toString writes 1.0 as Python does.
      return String(value)
    default:
      throw new Error('a list or a mapping is printed, which here only tojson knows to do')
  }
}

const months = 'January,February,March,April,May,June,July,August,September,October,November,December'.split(
  ',',
)
const days = 'Sunday,Monday,Tuesday,Wednesday,Thursday,Friday,Saturday'.split(',')

/** The time now in one of the formats of Python's `strftime`, with the names of its C locale. */
function strftimeNow(format: string): string {
  const now = new Date()
  const padded = (value: number, length = 2) => String(value).padStart(length, '0')
  const year = now.getFullYear()
  const midnight = (month: number, day: number) => Date.UTC(year, month, day)
  const dayOfYear = (midnight(now.getMonth(), now.getDate()) - midnight(0, 0)) / 86_400_000
  const values: Record<string, string> = {
    Y: String(year),
    y: padded(year % 100),
    m: padded(now.getMonth() + 1),
    B: months[now.getMonth()]!,
    b: months[now.getMonth()]!.slice(0, 3),
    d: padded(now.getDate()),
    j: padded(dayOfYear, 3),
    A: days[now.getDay()]!,
    a: days[now.getDay()]!.slice(0, 3),
    H: padded(now.getHours()),
    I: padded(now.getHours() % 12 || 12),
    M: padded(now.getMinutes()),
    S: padded(now.getSeconds()),
    p: now.getHours() < 12 ? 'AM' : 'PM',
    '%': '%',
  }
  // A dash leaves out zeros before a number, as the C library of most systems has it.
  return format.replaceAll(/%(-?)(.)/gs, (_, dash: string, letter: string) => {
    const value = values[letter]
    if (value === undefined) throw new Error(`strftime_now: the format %${dash}${letter} is not known here`)
    return dash ? value.replace(/^0+(?=.)/, '') : value
  })
}
