/** Signs of an operation, each as the one that stands for it. */
const operators: Record<string, Operator> = {
  '+': '+',
  '-': '-',
  '−': '-',
  '*': '*',
  '×': '*',
  '\\times': '*',
  '\\cdot': '*',
  '/': '/',
  '÷': '/',
  '\\div': '/',
}

/** An operation of arithmetic. */
export type Operator = '+' | '-' | '*' | '/'

/** A number of a worked step, or its operator, and where it stands in the text. */
export interface StepPart<Value> {
  value: Value
  /** Index of its first character in the text. */
  start: number
  /** As it is written. */
  text: string
}

/** One worked step: left operator right = result. */
export interface WorkedStep {
  left: StepPart<number>
  operator: StepPart<Operator>
  right: StepPart<number>
  result: StepPart<number>
}

const number = String.raw`-?\d[\d,]*(?:\.\d+)?`
const sign = String.raw`[-+*/−×÷]|\\times|\\cdot|\\div`
// A step that is part of a longer sum ("2 + 3 * 4 = 14") is none: what its operands are depends on precedence.
const stepPattern = new RegExp(
  String.raw`(?<![\d.,]|[-+*/−×÷] ?)(${number}) ?(${sign}) ?\$?(${number}) ?= ?\$?(${number})(?![,.]?\d| ?(?:${sign}) ?\d)`,
  'dg',
)

/** The steps "a + b = c" of a worked text, in its order. */
export function workedSteps(text: string): WorkedStep[] {
  return Array.from(text.matchAll(stepPattern), match => {
    const part = (group: number) => {
      const written = match[group]!.replace(/,+$/, '')
      return { value: numberOf(written), start: match.indices![group]![0], text: written }
    }
    return {
      left: part(1),
      operator: { ...part(2), value: operators[match[2]!]! },
      right: part(3),
      result: part(4),
    }
  })
}

/** All numbers of a text: digits with thousands separators and decimals, without sign. */
export function numbersOf(text: string): number[] {
  return (text.match(/\d[\d,]*(?:\.\d+)?/g) ?? []).map(numberOf)
}

/**
 * Whether a step's result is what its operation gives: exactly for a whole number, else to the decimals that are written.
 */
export function isRightResult({ left, operator, right, result }: WorkedStep): boolean {
  const decimals = result.text.split('.')[1]?.length ?? 0
  const exact = operate(left.value, operator.value, right.value)
  const allowed = decimals === 0 ? 1e-9 * Math.max(1, Math.abs(exact)) : 0.5000001 * 10 ** -decimals
  return Math.abs(exact - result.value) <= allowed
}

function operate(left: number, operator: Operator, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    default:
      return operator satisfies never
  }
}

function numberOf(text: string): number {
  return Number(text.replaceAll(',', ''))
}
