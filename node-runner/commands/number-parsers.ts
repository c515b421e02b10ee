import { InvalidArgumentError } from 'commander'

/** Parser of a whole number within bounds. */
export function integer(low: number, high = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return wholeNumberWhere(
    value => value >= low && value <= high,
    high === Number.MAX_SAFE_INTEGER ? `of ${low} or more` : `from ${low} to ${high}`,
  )
}

/** Parser of whole numbers from 1 on, given one after another. */
export function positiveIntegers(text: string, before: number[] | undefined): number[] {
  return [...(before ?? []), integer(1)(text)]
}

/** Parser of a whole number in digits within bounds that `bounds` puts into words. */
export function wholeNumberWhere(
  isWithin: (value: number) => boolean,
  bounds: string,
): (text: string) => number {
  return text => parsed(text, /^\d+$/.test(text) && isWithin(Number(text)), `a whole number ${bounds}`)
}

/** Parser of a number within bounds. */
export function number(low: number, high: number): (text: string) => number {
  return numberWhere(value => value >= low && value <= high, `from ${low} to ${high}`)
}

/** Parser of a number within bounds that `bounds` puts into words. */
export function numberWhere(isWithin: (value: number) => boolean, bounds: string): (text: string) => number {
  return text => {
    const isNumber = text.trim() !== '' && Number.isFinite(Number(text))
    return parsed(text, isNumber && isWithin(Number(text)), `a number ${bounds}`)
  }
}

function parsed(text: string, isValid: boolean, expected: string): number {
  if (!isValid) throw new InvalidArgumentError(`expected ${expected}, found "${text}".`)
  return Number(text)
}
