/** A range whose ends have four digits, so that they can be read, and in which all lies that lay in it. */
export function widenRange([low, high]: readonly [number, number]): [number, number] {
  return [0 - fourDigitsAbove(-low), fourDigitsAbove(high)]
}

/** The least number of four digits, or nearly, that is no less. */
function fourDigitsAbove(value: number): number {
  const near = Number(value.toPrecision(4))
  if (near >= value) return near
  const lastPlace = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 3)
  return Number((near + lastPlace).toPrecision(4))
}
