/** What one call may still do: counted down by all that works for it. */
export interface Allowance {
  /** Throws once more steps were taken than the text's length allows. */
  step(count: number): void
  /** Throws once more characters were written than the text's length allows. */
  write(characters: number): void
}

/** Whether a character, by its code point, is one that a place of a pattern takes. */
type Test = (codePoint: number) => boolean

/** A regular expression as JavaScript writes it with the flag u, parsed. */
type Expression =
  | { kind: 'character'; test: Test }
  | { kind: 'sequence' | 'choice'; parts: Expression[] }
  | { kind: 'repeat'; part: Expression; least: number; most: number; isLazy: boolean }
  | { kind: 'look'; part: Expression; isBehind: boolean; isNegative: boolean }
  | { kind: 'edge'; holds: (text: string, at: number) => boolean }

/** A step of matching; a number is the step that follows. */
type Instruction =
  | { op: 'take'; test: Test }
  | { op: 'run'; test: Test; least: number; most: number }
  | { op: 'fork'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'mark' | 'advanced' }
  | {
      op: 'look'
      program: Instruction[]
      isBehind: boolean
      isNegative: boolean
      least: number
      most: number
    }
  | { op: 'edge'; holds: (text: string, at: number) => boolean }

const mostInstructions = 20_000
const mostDepth = 200
/** Choices that are kept open at once. */
const mostUntried = 500_000

/** Where the turns of loops began that have not ended, the innermost first. */
type Marks = { at: number; outer: Marks } | null

/**
 * A regular expression that is matched as JavaScript's own is, but counts what it does: an engine's own may take as many
 * steps as there are ways to divide a text, and cannot be stopped. It stands where strings' methods take a RegExp with the
 * flags g and u. Throws SyntaxError for what it does not know, such as a reference back to a group.
 */
export class BoundedPattern {
  readonly flags = 'gu'
  readonly #program: Instruction[]
  readonly #allowance: Allowance

  constructor(source: string, allowance: Allowance) {
    this.#program = compile(new Parser(source).parse())
    this.#allowance = allowance
  }

  /** Its matches in order, none of which overlap. */
  *[Symbol.matchAll](text: string): Generator<{ 0: string; index: number }> {
    for (let at = 0; at <= text.length; ) {
      const end = this.#matchAt(this.#program, text, at, null)
      if (end !== null) yield { 0: text.slice(at, end), index: at }
      at = end === null || end === at ? at + widthAt(text, at) : end
    }
  }

  /** As String.prototype.match asks: all matches, null where there is none. */
  [Symbol.match](text: string): string[] | null {
    const found = Array.from(this[Symbol.matchAll](text), ({ 0: match }) => match)
    return found.length === 0 ? null : found
  }

  /** As String.prototype.split asks, without what groups took. */
  [Symbol.split](text: string): string[] {
    const parts: string[] = []
    let last = 0
    for (const { 0: match, index } of this[Symbol.matchAll](text)) {
      if (match === '' && (index === last || index === text.length)) continue
      parts.push(text.slice(last, index))
      last = index + match.length
    }
    return [...parts, text.slice(last)]
  }

  /** As String.prototype.replaceAll asks, with `content` as it is: a dollar sign in it means nothing. */
  [Symbol.replace](text: string, content: string): string {
    return replaceMatches(this[Symbol.matchAll](text), text, content, this.#allowance)
  }

  /** Where a match ends that begins here; null without one. With `wanted`, one that ends there. */
  #matchAt(
    program: readonly Instruction[],
    text: string,
    start: number,
    wanted: number | null,
  ): number | null {
    // Where to go on when what was tried fails; of a run, down to which place it may be given back.
    const untried: { pc: number; at: number; least: number; marks: Marks }[] = []
    let [pc, at] = [0, start]
    let marks = null as Marks
    for (;;) {
      this.#allowance.step(untried.length > mostUntried ? Number.POSITIVE_INFINITY : 1)
      const instruction = program[pc]
      if (!instruction && (wanted === null || wanted === at)) return at
      let holds = instruction !== undefined
      switch (instruction?.op) {
        case 'take':
          holds = at < text.length && instruction.test(text.codePointAt(at)!)
          at += widthAt(text, at)
          break
        case 'run': {
          let [count, least] = [0, at]
          for (; count < instruction.most && at < text.length; count++) {
            if (!instruction.test(text.codePointAt(at)!)) break
            if (count < instruction.least) least = at + widthAt(text, at)
            at += widthAt(text, at)
          }
          this.#allowance.step(count)
          holds = count >= instruction.least
          if (holds && at > least) untried.push({ pc: pc + 1, at, least, marks })
          break
        }
        case 'fork':
          untried.push({ pc: instruction.second, at, least: at, marks })
          pc = instruction.first - 1
          break
        case 'jump':
          pc = instruction.to - 1
          break
        case 'mark':
          marks = { at, outer: marks }
          break
        case 'advanced':
          holds = marks?.at !== at
          marks = marks?.outer ?? null
          break
        case 'look':
          holds = this.#looks(instruction, text, at) !== instruction.isNegative
          break
        case 'edge':
          holds = instruction.holds(text, at)
          break
      }
      pc++
      if (holds) continue
      const next = untried.at(-1)
      if (!next) return null
      ;({ pc, marks } = next)
      if (next.at > next.least) next.at = before(text, next.at)
      at = next.at
      if (next.at <= next.least) untried.pop()
    }
  }

  #looks(
    { program, isBehind, least, most }: Instruction & { op: 'look' },
    text: string,
    at: number,
  ): boolean {
    if (!isBehind) return this.#matchAt(program, text, at, null) !== null
    for (let start = at - least; start >= Math.max(0, at - most); start--)
      if (this.#matchAt(program, text, start, at) !== null) return true
    return false
  }
}

/** A text with `content` in the place of each match, as it is. */
export function replaceMatches(
  matches: Iterable<{ 0: string; index: number }>,
  text: string,
  content: string,
  allowance: Allowance,
): string {
  const parts: string[] = []
  let last = 0
  for (const { 0: match, index } of matches) {
    parts.push(text.slice(last, index), content)
    last = index + match.length
    allowance.write(content.length)
  }
  return [...parts, text.slice(last)].join('')
}

function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
}

/** The place before this one; between the halves of a character is none. */
function before(text: string, at: number): number {
  return at >= 2 && widthAt(text, at - 2) === 2 ? at - 2 : at - 1
}

/** Reads the syntax of JavaScript's regular expressions with the flag u. */
class Parser {
  readonly #source: string
  #at = 0
  #flags = 'u'
  #depth = 0

  constructor(source: string) {
    // What is wrong with it, JavaScript says best.
    new RegExp(source, 'u')
    this.#source = source
  }

  parse(): Expression {
    const expression = this.#choice()
    if (this.#at < this.#source.length)
      throw new SyntaxError(`nothing was opened that ${this.#source[this.#at]} ends`)
    return expression
  }

  #choice(): Expression {
    const parts = [this.#sequence()]
    while (this.#takes('|')) parts.push(this.#sequence())
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts }
  }

  #sequence(): Expression {
    const parts: Expression[] = []
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at]!))
      parts.push(this.#quantified())
    return { kind: 'sequence', parts }
  }

  #quantified(): Expression {
    const part = this.#term()
    const [text, symbol, from, comma, to] = this.#takesMatch(/(?:([*+?])|\{(\d+)(,?)(\d*)\})/y) ?? []
    if (text === undefined) return part
    const least = symbol ? (symbol === '+' ? 1 : 0) : Number(from)
    const most = symbol === '?' ? 1 : symbol || (comma && !to) ? Number.POSITIVE_INFINITY : Number(to || from)
    return { kind: 'repeat', part, least, most, isLazy: this.#takes('?') }
  }

  #term(): Expression {
    if (this.#takes('(')) return this.#group()
    if (this.#takes('^')) return { kind: 'edge', holds: (_, at) => at === 0 }
    if (this.#takes('$')) return { kind: 'edge', holds: (text, at) => at === text.length }
    const boundary = this.#takesMatch(/\\[bB]/y)?.[0]
    if (boundary) {
      const isWord = (text: string, at: number) => /\w/.test(text[at] ?? '')
      const isWanted = boundary === '\\b'
      const holds = (text: string, at: number) => (isWord(text, at - 1) !== isWord(text, at)) === isWanted
      return { kind: 'edge', holds }
    }
    if (this.#takesMatch(/\\(?:[1-9]|k)/y))
      throw new SyntaxError('a reference back to a group is not known here')
    const atom = this.#takesMatch(
      /\\(?:u\{[^}]*\}|u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|x..|c.|[pP]\{[^}]*\}|.)|\[(?:\\.|[^\]\\])*\]|./suy,
    )
    if (!atom) throw new SyntaxError('it ends too early')
    return { kind: 'character', test: createTest(atom[0], this.#flags) }
  }

  #group(): Expression {
    const [, look, turnedOn, turnedOff] =
      this.#takesMatch(/\?(?:(<?[=!])|([ims]*)(?:-([ims]*))?:|<[^>=!]+>)/y) ?? []
    const flags = this.#flags
    if (turnedOn?.includes('i')) this.#flags = 'iu'
    if (turnedOff?.includes('i')) this.#flags = 'u'
    if (/[ms]/.test(`${turnedOn ?? ''}${turnedOff ?? ''}`))
      throw new SyntaxError('the flags m and s are not known here')
    if (++this.#depth > mostDepth) throw new SyntaxError(`more than ${mostDepth} groups within each other`)
    const part = this.#choice()
    if (!this.#takes(')')) throw new SyntaxError('a group has no end')
    this.#depth--
    this.#flags = flags
    if (look === undefined) return part
    return { kind: 'look', part, isBehind: look.startsWith('<'), isNegative: look.endsWith('!') }
  }

  #takes(text: string): boolean {
    const isThere = this.#source.startsWith(text, this.#at)
    if (isThere) this.#at += text.length
    return isThere
  }

  #takesMatch(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#source)
    if (match) this.#at += match[0].length
    return match
  }
}

/** Asks JavaScript's own engine once for each character: within one character nothing can be tried twice. */
function createTest(atom: string, flags: string): Test {
  const pattern = new RegExp(`^${atom}$`, flags)
  const known = new Map<number, boolean>()
  return codePoint => {
    let isTaken = known.get(codePoint)
    if (isTaken === undefined) {
      isTaken = pattern.test(String.fromCodePoint(codePoint))
      known.set(codePoint, isTaken)
    }
    return isTaken
  }
}

/** The instructions of an expression: behind the last is a match. What looks ahead or behind has its own, counted with them. */
function compile(expression: Expression, size = { instructions: 0 }): Instruction[] {
  const program: Instruction[] = []
  const grow = (count: number) => {
    size.instructions += count
    if (size.instructions > mostInstructions)
      throw new SyntaxError(`its parts, each as often as it is repeated, are more than ${mostInstructions}`)
  }
  const add = <Kind extends Instruction>(instruction: Kind): Kind => {
    grow(1)
    program.push(instruction)
    return instruction
  }
  const emit = (node: Expression): void => {
    switch (node.kind) {
      case 'character':
        add({ op: 'take', test: node.test })
        return
      case 'edge':
        add({ op: 'edge', holds: node.holds })
        return
      case 'sequence':
        node.parts.forEach(emit)
        return
      case 'look': {
        const [least, most] = widthOf(node.part)
        const { isBehind, isNegative } = node
        add({ op: 'look', program: compile(node.part, size), isBehind, isNegative, least, most })
        return
      }
      case 'choice': {
        const ends = node.parts.slice(0, -1).map(part => {
          const fork = add({ op: 'fork', first: program.length + 1, second: 0 })
          emit(part)
          const end = add({ op: 'jump', to: 0 })
          fork.second = program.length
          return end
        })
        emit(node.parts.at(-1)!)
        for (const end of ends) end.to = program.length
        return
      }
      case 'repeat':
        emitRepeat(node)
    }
  }
  const emitRepeat = ({ part, least, most, isLazy }: Expression & { kind: 'repeat' }) => {
    if (part.kind === 'character' && !isLazy) {
      add({ op: 'run', test: part.test, least, most })
      return
    }
    grow(least)
    for (let count = 0; count < least; count++) emit(part)
    const forks: (Instruction & { op: 'fork' })[] = []
    const enter = () => {
      const fork = add({ op: 'fork', first: program.length + 1, second: program.length + 1 })
      forks.push(fork)
    }
    // A turn that takes nothing would be taken for ever.
    const turn = () => {
      add({ op: 'mark' })
      emit(part)
      add({ op: 'advanced' })
    }
    if (most === Number.POSITIVE_INFINITY) {
      const start = program.length
      enter()
      turn()
      add({ op: 'jump', to: start })
    } else
      for (let count = least; count < most; count++) {
        enter()
        turn()
      }
    for (const fork of forks) fork[isLazy ? 'first' : 'second'] = program.length
  }
  emit(expression)
  return program
}

/** How few and how many units of text an expression takes. */
function widthOf(node: Expression): [least: number, most: number] {
  switch (node.kind) {
    case 'character':
      return [1, 2]
    case 'look':
    case 'edge':
      return [0, 0]
    case 'repeat': {
      const [least, most] = widthOf(node.part)
      return [least * node.least, node.most === 0 || most === 0 ? 0 : most * node.most]
    }
    default: {
      const widths = node.parts.map(widthOf)
      const isChoice = node.kind === 'choice'
      const all = (which: 0 | 1) => widths.map(width => width[which])
      const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
      return isChoice ? [Math.min(...all(0)), Math.max(...all(1))] : [sum(all(0)), sum(all(1))]
    }
  }
}
