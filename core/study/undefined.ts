/**
 * Why a number is undefined: a code, with what its words need. `core/report/undefined-warnings.ts` says each in words, so that a new one does
 * not type-check without them.
 */
export type Reason =
  /** There is nothing that it could be of. */
  | { because: 'no-answers' }
  /** There are fewer values than it needs. */
  | { because: 'too-few'; n: number; least: number }
  /** All answers are of one class, all incorrect where `marked`, or a class has a single one; `of` says in which of two columns. */
  | { because: 'one-class'; marked: boolean; of?: ColumnName }
  | { because: 'single-member'; of?: ColumnName }
  /** The values do not vary: of two columns the first, as a rule entropy, or the second. */
  | { because: 'constant'; column: Exclude<ColumnName, 'both'> }
  | { because: 'constant-in-classes' }
  /** Every value of one class lies above all of the other, or every member of a class beats the same share of the other. */
  | { because: 'separated' }
  | { because: 'same-share' }
  /** Not even a perfect score would be found with such classes. */
  | { because: 'out-of-reach' }
  /** Of resamples: there is one problem, too great a share of them lacks a class, or all give the same value. */
  | { because: 'single-cluster' }
  | { because: 'missed-resamples'; share: number }
  | { because: 'alike-resamples' }
  | { because: 'end-of-range' }
  /** Of two scores one is missing where the other is there, so that their resamples are not paired. */
  | { because: 'other-answers' }
  /** No stratum holds both classes, one alone does, all are separated, or all agree. */
  | { because: 'no-mixed-stratum' }
  | { because: 'one-mixed-stratum' }
  | { because: 'separated-strata' }
  | { because: 'alike-strata' }
  | { because: 'no-levels' }
  | { because: 'many-levels'; levels: number; most: number }
  /** Of a regression. */
  | { because: 'few-for-terms'; answers: number; terms: number }
  | { because: 'dependent-terms' }
  /** Of a calibration: too few answers, or problems, of a class; entropy or predictions that do not vary, or that separate. */
  | { because: 'small-class'; correct: boolean; answers: number; least: number }
  | { because: 'narrow-class'; correct: boolean; problems: number; least: number }
  | { because: 'constant-in-fold' }
  | { because: 'constant-predictions' }
  | { because: 'separating-predictions' }

/** Which of two columns, scores or runs. */
export type ColumnName = 'first' | 'second' | 'both'

/** Stands where a number, or a group of numbers, would; `analysis.json` has null there, and its warnings the reason. */
export interface Undefined {
  undefined: Reason
}

/** What a statistic is: a number, or why there is none. */
export type Statistic = number | Undefined

/** The same of what has several numbers. */
export type Maybe<T> = T | Undefined

/** For a number that is undefined for this reason. */
export function none(reason: Reason): Undefined {
  return { undefined: reason }
}

/** Whether a value says why it is undefined. */
export function isUndefined(value: unknown): value is Undefined {
  return typeof value === 'object' && value !== null && 'undefined' in value
}

/** A number of what has several, which is undefined for the same reason. */
export function partOf<T extends object, Key extends keyof T>(whole: Maybe<T>, key: Key): T[Key] | Undefined {
  return isUndefined(whole) ? whole : whole[key]
}

/** What is made of a value, undefined for the same reason. */
export function ifDefined<T, Made>(value: Maybe<T>, make: (defined: T) => Made): Made | Undefined {
  return isUndefined(value) ? value : make(value)
}

/** A value that may be null, with the reason that it is null for. */
export function orBecause<T>(value: T | null, reason: Reason): T | Undefined {
  return value ?? { undefined: reason }
}

/** For where the reason is of no use. */
export function orNull<T>(value: Maybe<T>): T | null {
  return isUndefined(value) ? null : value
}

/** As `analysis.json` has it: null for what is undefined, and words for a reason that it names. */
export type Recorded<T> = T extends Undefined
  ? null
  : T extends Reason
    ? string
    : T extends readonly (infer Item)[]
      ? Recorded<Item>[]
      : T extends object
        ? { [Key in keyof T]: Recorded<T[Key]> }
        : T
