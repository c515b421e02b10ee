import { formatShortPercent } from '../format-number.ts'
import { InputError } from '../input-error.ts'
import type { SeveralBoxes } from './boxed-answer.ts'

/**
 * The rules of grading that are the user's to choose. They change verdicts and no answer, so they stand in run.json outside the
 * hash, and `entrace analyse` may grade a run by others.
 */
export interface GradingRules {
  /**
   * How far an answer may be from the expected number and be right, as a share of the expected one: |a − e| ≤ tolerance·|e|. It
   * holds of real numbers, also those of a list, tuple, interval or matrix, and never of an expression with unknowns.
   */
  tolerance: number
  /** Whether boxes side by side are one answer, a list of what they hold, or the last alone is. */
  severalBoxes: SeveralBoxes
}

/** One of the rules: what command line, run.json and reports follow from. */
export interface GradingSetting<Value> {
  /** With its argument, as the command line has it. */
  flag: string
  default: Value
  /** What a run was graded by whose run.json does not say: the rule of version 0.1.0. */
  unrecorded: Value
  /** Which values there are, in words. */
  bounds: string
  help: string
  isValue(value: unknown): value is Value
  /** What a text on the command line stands for, be it a value of the rule or not. */
  read(text: string): unknown
  /** The rule in a few words, for a report. */
  describe(value: Value): string
}

/** Every rule, by its name in run.json. */
export const gradingSettings: { readonly [Name in keyof GradingRules]: GradingSetting<GradingRules[Name]> } =
  {
    tolerance: {
      flag: '--tolerance <rel>',
      default: 0,
      unrecorded: 0,
      bounds: 'a number from 0 to below 1, as 0.01 for one per cent',
      help: 'take a number for right that is off by at most this share of the expected one, from 0 to below 1; an expected 0 must be met exactly',
      isValue: (value): value is number => typeof value === 'number' && value >= 0 && value < 1,
      read: text => (text.trim() === '' ? Number.NaN : Number(text)),
      describe: tolerance =>
        tolerance === 0
          ? 'numbers are equal exactly'
          : `numbers are equal within ${formatShortPercent(tolerance)} of the expected one`,
    },
    severalBoxes: {
      flag: '--several-boxes <which>',
      default: 'all',
      unrecorded: 'last',
      bounds: 'last or all',
      help: 'all: boxes side by side, with no more than "and" between them, are one answer; last: the last box alone is',
      isValue: (value): value is SeveralBoxes => value === 'last' || value === 'all',
      read: text => text,
      describe: which =>
        which === 'all' ? 'boxes side by side are one answer' : 'of several boxes the last counts',
    },
  }

type RuleName = keyof GradingRules

const ruleNames = Object.keys(gradingSettings) as RuleName[]

function rulesBy(choose: (name: RuleName) => unknown): GradingRules {
  return Object.fromEntries(ruleNames.map(name => [name, choose(name)])) as unknown as GradingRules
}

/** What a run is graded by where nobody chooses. */
export const defaultGradingRules: GradingRules = rulesBy(name => gradingSettings[name].default)

/** From here on a tolerance makes right what is wrong more often than it forgives rounding. */
const largeTolerance = 0.05

/**
 * The rules that a parsed `run.json` names under `grading`. Where it names none, those of version 0.1.0, which took the last of
 * several boxes. Throws InputError for a value that is none of the rule's.
 */
export function readGradingRules(where: string, recorded: unknown): GradingRules {
  const found = typeof recorded === 'object' && recorded !== null ? (recorded as Record<string, unknown>) : {}
  return rulesBy(name => {
    const { unrecorded, isValue, bounds } = gradingSettings[name]
    const value = found[name] ?? unrecorded
    if (!isValue(value))
      throw new InputError(
        `${where}: grading.${name} is ${JSON.stringify(value)}, expected ${bounds}; correct it, and grade again with entrace analyse`,
      )
    return value
  })
}

/** Whether a run is graded as it is where nobody chooses. */
export function isDefaultGrading(rules: GradingRules): boolean {
  return gradingDifferences(rules, defaultGradingRules).length === 0
}

/** These rules, with those that the user asks for in their place. */
export function withAskedRules(rules: GradingRules, asked: Partial<GradingRules>): GradingRules {
  return rulesBy(name => asked[name] ?? rules[name])
}

/** What differs between two sets of rules, as "tolerance 0 against 0.01"; empty where nothing does. */
export function gradingDifferences(one: GradingRules, other: GradingRules): string[] {
  return ruleNames
    .filter(name => one[name] !== other[name])
    .map(name => `${name} ${one[name]} against ${other[name]}`)
}

/** The flags that ask for these rules: "--tolerance 0.01 --several-boxes all". */
export function gradingFlagsOf(rules: GradingRules): string {
  return ruleNames.map(name => `${gradingSettings[name].flag.split(' ', 1)[0]} ${rules[name]}`).join(' ')
}

/** How answers are graded, in words. */
export function describeGrading({ tolerance, severalBoxes }: GradingRules): string {
  return `${gradingSettings.tolerance.describe(tolerance)}; ${gradingSettings.severalBoxes.describe(severalBoxes)}`
}

/** What is to be said of rules that make verdicts doubtful; null where there is nothing. */
export function gradingWarning({ tolerance }: GradingRules): string | null {
  if (tolerance <= largeTolerance) return null
  return (
    `The tolerance of ${formatShortPercent(tolerance)} (--tolerance ${tolerance}) is above ${formatShortPercent(largeTolerance)}: ` +
    'many a wrong number is that near the right one, so that "right" partly means "near".'
  )
}

/**
 * Whether a number is within a tolerance of the expected one, |a − e| ≤ tolerance·|e|, the bound included: what lies on it in
 * decimals is not lost to the rounding of doubles. So an expected 0 is met by 0 alone. False of what is not finite.
 */
export function withinTolerance(answer: number, expected: number, tolerance: number): boolean {
  if (answer === expected) return Number.isFinite(answer)
  const rounding = 4 * Number.EPSILON * Math.abs(expected)
  return tolerance > 0 && Math.abs(answer - expected) <= tolerance * Math.abs(expected) + rounding
}

/** The rule of a verdict that hangs on the tolerance: "as rationals within 0.01". */
export function ruleWithin<Rule extends string>(rule: Rule, tolerance: number): `${Rule} within ${number}` {
  return `${rule} within ${tolerance}`
}

/** Whether the rule that a sample records, `ruleWithin` at its end, is one without which the answer would be wrong. */
export function hangsOnTolerance(rule: string): boolean {
  return /, equal .* within [\d.e-]+$/.test(rule)
}
