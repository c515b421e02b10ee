/** What one call may still do: counted down by all that works for it. */
export interface Allowance {
  /** Throws once more steps were taken than the text's length allows. */
  step(count: number): void
  /** Throws once more characters were written than the text's length allows. */
  write(characters: number): void
}

/** Whether a character, by its code point, is one that a place of a pattern takes. */
type Test = (codePoint: number) => boolean

/** A part of a regular expression: how few and how many units of text it takes, and what adds its instructions to a program. */
interface Part {
  width: [least: number, most: number]
  /** Of one character. */
  test?: Test
  emit(program: Program): void
}

/** A step of matching; a number is the step that follows. */
type Instruction =
  | { op: 'take'; test: Test }
  | { op: 'run'; test: Test; least: number; most: number }
  | { op: 'fork'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'mark' | 'advanced' }
  | {
      op: 'look'
      program: readonly Instruction[]
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
  readonly #program: readonly Instruction[]
  readonly #allowance: Allowance

  constructor(source: string, allowance: Allowance) {
    this.#program = instructionsOf(new Parser(source).parse())
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

  parse(): Part {
    const part = this.#choice()
    if (this.#at < this.#source.length)
      throw new SyntaxError(`nothing was opened that ${this.#source[this.#at]} ends`)
    return part
  }

  #choice(): Part {
    const parts = [this.#sequence()]
    while (this.#takes('|')) parts.push(this.#sequence())
    return parts.length === 1 ? parts[0]! : choiceOf(parts)
  }

  #sequence(): Part {
    const parts: Part[] = []
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at]!))
      parts.push(this.#quantified())
    const sum = (which: 0 | 1) => parts.reduce((total, { width }) => total + width[which], 0)
    const emit = (program: Program) => {
      for (const part of parts) part.emit(program)
    }
    return { width: [sum(0), sum(1)], emit }
  }

  #quantified(): Part {
    const part = this.#term()
    const [text, symbol, from, comma, to] = this.#takesMatch(/(?:([*+?])|\{(\d+)(,?)(\d*)\})/y) ?? []
    if (text === undefined) return part
    const least = symbol ? (symbol === '+' ? 1 : 0) : Number(from)
    const most = symbol === '?' ? 1 : symbol || (comma && !to) ? Number.POSITIVE_INFINITY : Number(to || from)
    return repeated(part, least, most, this.#takes('?'))
  }

  #term(): Part {
    if (this.#takes('(')) return this.#group()
    if (this.#takes('^')) return edge((_, at) => at === 0)
    if (this.#takes('$')) return edge((text, at) => at === text.length)
    const boundary = this.#takesMatch(/\\[bB]/y)?.[0]
    if (boundary) {
      const isWord = (text: string, at: number) => /\w/.test(text[at] ?? '')
      return edge((text, at) => (isWord(text, at - 1) !== isWord(text, at)) === (boundary === '\\b'))
    }
    if (this.#takesMatch(/\\(?:[1-9]|k)/y))
      throw new SyntaxError('a reference back to a group is not known here')
    const atom = this.#takesMatch(
      /\\(?:u\{[^}]*\}|u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|x..|c.|[pP]\{[^}]*\}|.)|\[(?:\\.|[^\]\\])*\]|./suy,
    )
    if (!atom) throw new SyntaxError('it ends too early')
    const test = createTest(atom[0], this.#flags)
    return { width: [1, 2], test, emit: program => program.add({ op: 'take', test }) }
  }

  #group(): Part {
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
    const [least, most] = part.width
    const sides = { isBehind: look.startsWith('<'), isNegative: look.endsWith('!') }
    return {
      width: [0, 0],
      emit: ({ add, size }) =>
        add({ op: 'look', program: instructionsOf(part, size), ...sides, least, most }),
    }
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

function edge(holds: (text: string, at: number) => boolean): Part {
  return { width: [0, 0], emit: program => program.add({ op: 'edge', holds }) }
}

function choiceOf(parts: readonly Part[]): Part {
  const all = (which: 0 | 1) => parts.map(({ width }) => width[which])
  return {
    width: [Math.min(...all(0)), Math.max(...all(1))],
    emit: program => {
      const ends = parts.slice(0, -1).map(part => {
        const fork = program.fork()
        part.emit(program)
        const end = program.add({ op: 'jump', to: 0 })
        fork.second = program.instructions.length
        return end
      })
      parts.at(-1)!.emit(program)
      for (const end of ends) end.to = program.instructions.length
    },
  }
}

function repeated(part: Part, least: number, most: number, isLazy: boolean): Part {
  const { test } = part
  const [narrowest, widest] = part.width
  const width: Part['width'] = [narrowest * least, most === 0 || widest === 0 ? 0 : widest * most]
  if (test && !isLazy) return { width, emit: program => program.add({ op: 'run', test, least, most }) }
  const emit = (program: Program) => {
    program.grow(least)
    for (let count = 0; count < least; count++) part.emit(program)
    const forks: ReturnType<Program['fork']>[] = []
    // A turn that takes nothing would be taken for ever.
    const turn = () => {
      forks.push(program.fork())
      program.add({ op: 'mark' })
      part.emit(program)
      program.add({ op: 'advanced' })
    }
    if (most === Number.POSITIVE_INFINITY) {
      const start = program.instructions.length
      turn()
      program.add({ op: 'jump', to: start })
    } else for (let count = least; count < most; count++) turn()
    for (const fork of forks) fork[isLazy ? 'first' : 'second'] = program.instructions.length
  }
  return { width, emit }
}

/** The instructions of a part: behind the last is a match. What looks ahead or behind has its own, counted with them. */
function instructionsOf(part: Part, size = { instructions: 0 }): Instruction[] {
  const program = createProgram(size)
  part.emit(program)
  return program.instructions
}

type Program = ReturnType<typeof createProgram>

function createProgram(size: { instructions: number }) {
  const instructions: Instruction[] = []
  const grow = (count: number) => {
    size.instructions += count
    if (size.instructions > mostInstructions)
      throw new SyntaxError(`its parts, each as often as it is repeated, are more than ${mostInstructions}`)
  }
  const add = <Kind extends Instruction>(instruction: Kind): Kind => {
    grow(1)
    instructions.push(instruction)
    return instruction
  }
  /** A choice of the next instruction, or of another yet to be known. */
  const fork = () => {
    const next = instructions.length + 1
    return add<Instruction & { op: 'fork' }>({ op: 'fork', first: next, second: next })
  }
  return { instructions, size, grow, add, fork }
}
