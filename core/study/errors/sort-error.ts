import type { SampleRecord } from '../../record/sample.ts'
import { type ErrorKind, errorKinds } from '../findings.ts'

/** Whether a value names a kind of error. */
export function isErrorKind(value: unknown): value is ErrorKind {
  return (errorKinds as readonly unknown[]).includes(value)
}

/** What sorting reads of a sample. `metadata.solution` is the worked solution. */
export type SortableSample = Pick<
  SampleRecord,
  'problem' | 'generatedText' | 'extractedAnswer' | 'expectedAnswer' | 'correct' | 'finishReason' | 'metadata'
>

/** Why an answer is wrong, and where it first goes wrong. */
export interface SortedError {
  kind: ErrorKind
  /** Index of the first wrong step in the answer, from 0; null where none is known. */
  step: number | null
  /** Index, in `generatedText`, of the first wrong character of that step; null where none is known. */
  characterOffset: number | null
  /** The rule that decided, in words. */
  rule: string
}

/** A wrong step: its kind, the rule, and its first wrong part with what should stand there. */
interface StepError {
  kind: ErrorKind
  rule: string
  part: StepPart<unknown>
  expected?: string
}

/**
 * Sorts an incorrect answer; null for a correct one. The first that applies decides:
 * 1. a label by hand, in the data set's column `error_label` or `errorKind`;
 * 2. it was cut at the token limit: incomplete;
 * 3. the first of its steps "a + b = c" that departs from the worked solution's step of the same number. An operand that
 *    neither the problem nor the work so far holds is a copy error; another operation, a step left out or another quantity
 *    is a wrong operation; a wrong result of the right operands is an arithmetic error. a + b and a · b may be swapped;
 * 4. no answer was found, or the right result stands in the work and was read wrongly: format;
 * 5. fewer steps than the solution: wrong operation; another answer than the last result: copy error.
 * Without a worked solution only the arithmetic of steps is checked. What no rule decides is unknown.
 */
export function sortError(sample: SortableSample): SortedError | null {
  if (sample.correct) return null
  const found = firstWrongStep(sample)
  const place = { step: found?.step ?? null, characterOffset: found?.characterOffset ?? null }

  const label = sample.metadata['error_label'] ?? sample.metadata['errorKind'] ?? null
  if (label !== null && label !== '')
    return isErrorKind(label)
      ? { kind: label, ...place, rule: 'labelled by hand' }
      : { kind: 'unknown', ...place, rule: 'labelled by hand with a word that names no kind' }
  if (sample.finishReason === 'length')
    return { kind: 'incomplete', ...place, rule: 'the answer was cut at the token limit' }
  if (sample.finishReason === 'error') return { kind: 'unknown', ...place, rule: 'the sample failed' }
  if (found !== null) return { kind: found.kind, ...place, rule: found.rule }
  return { ...sortWithoutWrongStep(sample), ...place }
}

function sortWithoutWrongStep(sample: SortableSample): { kind: ErrorKind; rule: string } {
  if (sample.extractedAnswer === null) return { kind: 'format', rule: 'no answer was found in the text' }
  const expectedSteps = workedSteps(solutionOf(sample))
  const steps = workedSteps(sample.generatedText)
  const last = steps.at(-1)?.result.value
  const answers = numbersOf(sample.extractedAnswer)
  const expected = numbersOf(sample.expectedAnswer)
  if (last !== undefined && expected.length === 1 && last === expected[0])
    return answers.includes(last)
      ? { kind: 'format', rule: 'the right result stands in the answer but was not read as it' }
      : { kind: 'copy', rule: 'the answer is another number than the last step gives' }
  if (steps.length < expectedSteps.length && steps.length > 0)
    return { kind: 'operation', rule: 'the last steps of the solution are left out' }
  return { kind: 'unknown', rule: 'no rule decides' }
}

function firstWrongStep(sample: SortableSample) {
  const expectedSteps = workedSteps(solutionOf(sample))
  const known = new Set(numbersOf(sample.problem))
  for (const [step, found] of workedSteps(sample.generatedText).entries()) {
    const wrong =
      expectedSteps.length === 0 ? checkAlone(found) : checkStep(found, step, expectedSteps, known)
    if (wrong !== null) {
      const { kind, rule, part, expected = '' } = wrong
      return { kind, rule, step, characterOffset: part.start + commonPrefix(part.text, expected) }
    }
    known.add(found.result.value)
  }
  return null
}

const wrongResult = { kind: 'arithmetic', rule: 'the result is not what the step gives' } as const

function checkAlone(found: WorkedStep): StepError | null {
  return isRightResult(found) ? null : { ...wrongResult, part: found.result }
}

function checkStep(
  found: WorkedStep,
  index: number,
  steps: readonly WorkedStep[],
  known: ReadonlySet<number>,
): StepError | null {
  const expected = steps[index]
  if (expected === undefined)
    return { kind: 'operation', rule: 'a step that the solution does not have', part: found.left }
  const operator = expected.operator.value
  const isSame = found.operator.value === operator
  const takes = (left: StepPart<number>, right: StepPart<number>) =>
    found.left.value === left.value && found.right.value === right.value
  const isSwapped = (operator === '+' || operator === '*') && takes(expected.right, expected.left)
  if (isSame && (isSwapped || takes(expected.left, expected.right))) {
    if (found.result.value === expected.result.value) return null
    return { ...wrongResult, part: found.result, expected: expected.result.text }
  }

  // The first part, in the order of reading, that is not the solution's.
  const [part, wanted] =
    found.left.value !== expected.left.value
      ? [found.left, expected.left]
      : isSame
        ? [found.right, expected.right]
        : [found.operator, expected.operator]
  const place = { part, expected: wanted.text }
  const isCopied = ({ value }: StepPart<number>) =>
    known.has(value) || value === expected.left.value || value === expected.right.value
  if (isSame && ![found.left, found.right].every(isCopied))
    return { kind: 'copy', rule: 'an operand that neither the problem nor a step before holds', ...place }
  const takesSame = ({ operator, right }: WorkedStep) =>
    found.operator.value === operator.value && found.right.value === right.value
  const rule = steps.slice(index + 1).some(takesSame)
    ? 'a step of the solution is left out'
    : isSame
      ? 'another quantity than the solution takes'
      : 'another operation than the solution’s'
  return { kind: 'operation', rule, ...place }
}

function solutionOf({ metadata }: SortableSample): string {
  return typeof metadata['solution'] === 'string' ? metadata['solution'] : ''
}

/** Number of leading characters that two texts share, at most all but one of the first. */
function commonPrefix(text: string, other: string): number {
  let length = 0
  while (length < text.length - 1 && text[length] === other[length]) length++
  return length
}

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
