import { InvalidArgumentError } from 'commander'

/** Parser of a whole number within bounds. */
export function integer(low: number, high = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const parse = number(low, high)
  return text => {
    if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`expected a whole number, found "${text}".`)
    return parse(text)
  }
}

/** Parser of a number within bounds. */
export function number(low: number, high: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= low && value <= high))
      throw new InvalidArgumentError(`expected a number from ${low} to ${high}, found "${text}".`)
    return value
  }
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
