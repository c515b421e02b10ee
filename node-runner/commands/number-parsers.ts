import { InvalidArgumentError } from 'commander'

/** Parser of a whole number within bounds. */
export function integer(low: number, high = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const bounds = high === Number.MAX_SAFE_INTEGER ? `of ${low} or more` : `from ${low} to ${high}`
  return text => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < low || value > high)
      throw new InvalidArgumentError(`expected a whole number ${bounds}, found "${text}".`)
    return value
  }
}

/** Parser of a number within bounds. */
export function number(low: number, high: number): (text: string) => number {
  return numberWhere(value => value >= low && value <= high, `from ${low} to ${high}`)
}

/** Parser of a number within bounds that `bounds` puts into words. */
export function numberWhere(isWithin: (value: number) => boolean, bounds: string): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value) || !isWithin(value))
      throw new InvalidArgumentError(`expected a number ${bounds}, found "${text}".`)
    return value
  }
}
