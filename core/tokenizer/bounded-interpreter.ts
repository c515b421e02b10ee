import { Interpreter } from '@huggingface/jinja'
import { isNode, type RuntimeValue, type TemplateNode } from './python-template.ts'
import type { ChatMessage } from './tokenizer.ts'

/** Names and what they stand for, within those of `parent`. */
interface Environment {
  parent?: Environment
  variables: Map<string, RuntimeValue>
}

// The package's declarations lead to files that are not there under these names.
const Engine = Interpreter as unknown as new (
  environment: object,
) => {
  run(program: object): RuntimeValue
  evaluate(node: TemplateNode | undefined, environment: Environment): RuntimeValue
}

type Evaluate = (part: unknown) => RuntimeValue
type AsEngine = (node?: TemplateNode) => RuntimeValue

/** Steps that any rendering may take: for a question Qwen2.5's template takes some 500, the heaviest of our tests 3,600. */
const baseSteps = 100_000
/** Further steps for each message, and for each of its characters. */
const stepsPerMessage = 2_000
const stepsPerCharacter = 4
/** Characters that are read or written in one step. */
const charactersPerStep = 16
/** What a value counts beside its text, in characters. */
const valueCharacters = 16

/**
 * Evaluates a template in a number of steps that grows with the conversation and with nothing else: a template is a program
 * that comes with a model, and may loop for ever or write texts without end. What an operation would read and write is
 * counted before it is done, so that memory is bounded as time is, and the bound is the same on every machine.
 */
export class BoundedInterpreter extends Engine {
  readonly #allowed: number
  #left: number

  constructor(environment: object, messages: readonly ChatMessage[]) {
    super(environment)
    const characters = messages.reduce((sum, { role, content }) => sum + role.length + content.length, 0)
    this.#allowed = baseSteps + stepsPerMessage * messages.length + stepsPerCharacter * characters
    this.#left = this.#allowed
  }

  /** The value of a part of the template. Throws StepsExceeded once too much has been done. */
  override evaluate(node: TemplateNode | undefined, environment: Environment): RuntimeValue {
    this.#spend(1)
    if (!node) return super.evaluate(node, environment)
    const evaluate: Evaluate = part => this.evaluate(part as TemplateNode | undefined, environment)
    const asEngine: AsEngine = (changed = node) => super.evaluate(changed, environment)
    switch (node.type) {
      case 'Held':
        return node.value as RuntimeValue
      case 'StringLiteral':
        this.#read(String(node.value).length)
        return asEngine()
      case 'Identifier':
        return this.#lookUp(String(node.value), environment)
      case 'MemberExpression': {
        const member = this.#member(node, environment)
        // Called later, it could not be counted what it works on.
        if (member.isMethod)
          throw new Error(`${member.name}: a method is not called at once, which is not known here`)
        return member.value
      }
      case 'BinaryExpression':
        return this.#binary(node, evaluate, asEngine)
      case 'TestExpression': {
        const operand = node.operand as TemplateNode
        const value =
          operand.type === 'MemberExpression' ? this.#member(operand, environment).value : evaluate(operand)
        this.#read(flatSize(value))
        return asEngine({ ...node, operand: held(value) })
      }
      case 'FilterExpression':
        return this.#filter(node, evaluate(node.operand), evaluate, asEngine)
      case 'FilterStatement':
        return evaluate({ type: 'FilterExpression', operand: block(node.body), filter: node.filter })
      case 'CallExpression':
        return this.#call(node, environment, evaluate, asEngine)
      case 'CallStatement': {
        // The engine goes through all that stands in it.
        this.#spend(countNodes(node) / 8)
        const value = asEngine()
        if (value.type !== 'StringValue') throw new Error('what a call block calls is no macro')
        return value
      }
      case 'Macro':
        this.#spend(countNodes(node) / 8)
        return asEngine()
      case 'Set':
        return this.#set(node, evaluate, asEngine)
      case 'For': {
        const iterable = node.iterable as TemplateNode
        const value = evaluate(iterable.type === 'SelectExpression' ? iterable.lhs : iterable)
        this.#spend(4 * itemsOf(value))
        const kept = iterable.type === 'SelectExpression' ? { ...iterable, lhs: held(value) } : held(value)
        return asEngine({ ...node, iterable: kept })
      }
      default:
        return asEngine()
    }
  }

  #spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0 || Number.isNaN(this.#left)) throw new StepsExceeded(this.#allowed)
  }

  #read(characters: number): void {
    this.#spend(characters / charactersPerStep)
  }

  /** What a name stands for. The engine would throw and catch an error where it stands for nothing. */
  #lookUp(name: string, environment: Environment): RuntimeValue {
    for (let scope: Environment | undefined = environment; scope; scope = scope.parent) {
      this.#spend(1 / 8)
      const value = scope.variables.get(name)
      if (value !== undefined) return value
    }
    return super.evaluate(undefined, environment)
  }

  #member(node: TemplateNode, environment: Environment) {
    const object = this.evaluate(node.object as TemplateNode, environment)
    const property = node.property as TemplateNode
    const isSlice = property.type === 'SliceExpression'
    // A text is cut by its characters, each a text of its own.
    if (isSlice) this.#spend(typeof object.value === 'string' ? object.value.length : itemsOf(object))
    const key = node.computed && !isSlice ? held(this.evaluate(property, environment)) : property
    const value = super.evaluate({ ...node, object: held(object), property: key }, environment)
    const name = String((key as TemplateNode & { value: { value?: unknown } }).value?.value ?? property.value)
    const isOwn = object.value instanceof Map && object.value.has(name)
    return { object, value, name, isMethod: value.type === 'FunctionValue' && !isOwn }
  }

  #binary(node: TemplateNode, evaluate: Evaluate, asEngine: AsEngine): RuntimeValue {
    const operator = (node.operator as { value: string }).value
    if (operator === 'and' || operator === 'or') return asEngine()
    const [left, right] = [evaluate(node.left), evaluate(node.right)]
    const areBothLists = Array.isArray(left.value) && Array.isArray(right.value)
    const isAddition = operator === '+' || operator === '~'
    // A list that is added to a text is printed with all that it holds.
    for (const value of [left, right])
      this.#read(isAddition && !areBothLists ? deepSize(value) : flatSize(value))
    return asEngine({ ...node, left: held(left), right: held(right) })
  }

  #filter(node: TemplateNode, operand: RuntimeValue, evaluate: Evaluate, asEngine: AsEngine): RuntimeValue {
    const filter = node.filter as TemplateNode
    const name = String(isNode(filter.callee) ? filter.callee.value : filter.value)
    const args = holdArguments((filter.args as TemplateNode[] | undefined) ?? [], evaluate)
    this.#read(charactersOfMethod(name, operand, args.values))
    const kept = filter.type === 'CallExpression' && !/^(select|reject)attr$/.test(name)
    return asEngine({
      ...node,
      operand: held(operand),
      filter: kept ? { ...filter, args: args.nodes } : filter,
    })
  }

  #call(node: TemplateNode, environment: Environment, evaluate: Evaluate, asEngine: AsEngine): RuntimeValue {
    const args = holdArguments(node.args as TemplateNode[], evaluate)
    const callee = node.callee as TemplateNode
    const member = callee.type === 'MemberExpression' ? this.#member(callee, environment) : null
    const fn = member?.value ?? evaluate(callee)
    if (member?.isMethod) this.#read(charactersOfMethod(member.name, member.object, args.values))
    else if (callee.value === 'python_equal' || callee.value === 'python_differs')
      this.#read(Math.min(...args.values.map(value => deepSize(value))))
    else if (!member) for (const value of args.values) this.#read(flatSize(value))
    const result = asEngine({ ...node, callee: held(fn), args: args.nodes })
    if (result.type === 'NamespaceValue') deepSize(result)
    this.#read(flatSize(result))
    return result
  }

  #set(node: TemplateNode, evaluate: Evaluate, asEngine: AsEngine): RuntimeValue {
    const value = evaluate(node.value ?? block(node.body))
    if ((node.assignee as TemplateNode).type === 'MemberExpression') this.#read(deepSize(value, true))
    return asEngine({ ...node, value: held(value) })
  }
}

/** More was to be done than a conversation of its size may take. */
export class StepsExceeded extends Error {
  constructor(allowed: number) {
    super(
      `it takes more than ${Math.round(allowed).toLocaleString('en-US')} steps, which is all that a conversation of this size may take`,
    )
  }
}

/** A value in the place of the part of a template that it was made by. */
function held(value: RuntimeValue): TemplateNode {
  return { type: 'Held', value }
}

function block(body: unknown): TemplateNode {
  return { type: 'Program', body }
}

/** The arguments of a call, evaluated in order, and nodes that hold them. */
function holdArguments(args: readonly TemplateNode[], evaluate: Evaluate) {
  const values: RuntimeValue[] = []
  const hold = (part: unknown) => {
    const value = evaluate(part)
    values.push(value)
    return held(value)
  }
  const nodes = args.map(node => {
    if (node.type === 'KeywordArgumentExpression') return { ...node, value: hold(node.value) }
    if (node.type === 'SpreadExpression' || node.type === 'KeywordSpreadExpression')
      return { ...node, argument: hold(node.argument) }
    return hold(node)
  })
  return { values, nodes }
}

function textOf(value: RuntimeValue | undefined): string {
  return typeof value?.value === 'string' ? value.value : ''
}

function itemsOf({ value }: RuntimeValue): number {
  if (Array.isArray(value)) return value.length
  return value instanceof Map ? value.size : 0
}

/** Characters of a text; of a list or a mapping, what its items count without what they hold. */
function flatSize(value: RuntimeValue): number {
  return textOf(value).length + valueCharacters * (1 + itemsOf(value))
}

/** Methods and filters that read and write no more than their arguments. */
const constantMethods = new Set('length first last list default safe get'.split(' '))

/** Of others, what they read and write beside their arguments; of those that do not stand here, a value's flat size. */
const sizesOfMethods: [
  names: RegExp,
  size: (operand: RuntimeValue, args: readonly RuntimeValue[]) => number,
][] = [
  [/^(?:dict)?sort$/, operand => deepSize(operand) * Math.log2(itemsOf(operand) + 2)],
  [
    /^(?:replace|split)$/,
    (operand, [part, content]) =>
      flatSize(operand) + countOf(textOf(operand), textOf(part)) * (valueCharacters + textOf(content).length),
  ],
  [/^indent$/, (operand, args) => flatSize(operand) + countOf(textOf(operand), '\n') * widest(args)],
  [
    /^join$/,
    (operand, args) => deepSize(operand) + (itemsOf(operand) + textOf(operand).length) * widest(args),
  ],
  // Each value may stand on a line of its own, as far to the right as it lies deep.
  [/^(?:tojson|string)$/, (operand, args) => deepSize(operand) * (1 + widest(args))],
]

/** Characters that a method of a value, or a filter on it, reads and writes. */
function charactersOfMethod(name: string, operand: RuntimeValue, args: readonly RuntimeValue[]): number {
  const given = args.reduce((sum, value) => sum + flatSize(value), 0)
  if (constantMethods.has(name)) return given
  const [, size = flatSize] = sizesOfMethods.find(([names]) => names.test(name)) ?? []
  return given + size(operand, args)
}

/** The largest of some values, texts by their length: how far an argument can widen what is written. */
function widest(values: readonly RuntimeValue[]): number {
  const widths = values.map(value => {
    if (Array.isArray(value.value)) return widest(value.value as RuntimeValue[])
    return typeof value.value === 'number' ? value.value : textOf(value).length
  })
  return widths.reduce((most, width) => Math.max(most, width), 0)
}

/** How often a text stands in another; the empty one does before and behind every character. */
function countOf(text: string, part: string): number {
  if (part === '') return text.length + 1
  let count = 1
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) count++
  return count
}

const deepSizes = new WeakMap<RuntimeValue, number>()

/**
 * Characters of a value printed with all that it holds, also where the same list is held many times over. Lists and mappings
 * do not change, so that it is computed once. A namespace changes: within another value it would be of no size that lasts,
 * and could hold itself.
 */
function deepSize(value: RuntimeValue, isWithin = false): number {
  if (isWithin && value.type === 'NamespaceValue')
    throw new Error('a list, a mapping or a namespace holds a namespace, which is not known here')
  const known = deepSizes.get(value)
  if (known !== undefined) return known
  let size = textOf(value).length + valueCharacters
  if (Array.isArray(value.value))
    for (const item of value.value as RuntimeValue[]) size += deepSize(item, true)
  if (value.value instanceof Map)
    for (const [key, item] of value.value as Map<string, RuntimeValue>)
      if (item.type !== 'FunctionValue') size += key.length + deepSize(item, true)
  if (value.type !== 'NamespaceValue') deepSizes.set(value, size)
  return size
}

const nodeCounts = new WeakMap<TemplateNode, number>()

function countNodes(node: TemplateNode): number {
  const known = nodeCounts.get(node)
  if (known !== undefined) return known
  const parts = Object.values(node).flatMap(value => (value instanceof Map ? [...value].flat() : value))
  const count = parts.filter(isNode).reduce((sum, part) => sum + countNodes(part), 1)
  nodeCounts.set(node, count)
  return count
}
