const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** A number of three digits for a caption: 0.0312, 12.5, 3.1 × 10⁻⁹. */
export function formatNumber(value: number): string {
  if (value === 0) return '0'
  const exponent = Math.floor(Math.log10(Math.abs(value)))
  if (exponent >= -4 && exponent < 5) return String(Number(value.toPrecision(3)))
  const [mantissa, power] = value.toExponential(1).split('e')
  return `${mantissa} × ${powerOfTen(Number(power))}`
}

/** Three significant digits, without an exponent and without groups: 0.00123, 12300. */
export function formatSignificant(value: number): string {
  return new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3, useGrouping: false }).format(value)
}

/** How many there are, in groups of three digits and with its noun where one is given: "1,319", "1 answer", "2 answers". */
export function formatCount(amount: number, noun?: string): string {
  const digits = amount.toLocaleString('en')
  return noun === undefined ? digits : `${digits} ${noun}${amount === 1 ? '' : 's'}`
}

/** A share from 0 to 1 in percent, with so many digits after the point: "67.3 %". */
export function formatPercent(share: number, places = 1): string {
  return `${percentDigits(share, places)} %`
}

/** The number of such a percentage without its sign, where one sign stands for two: "61.2 to 77.6 %". */
export function percentDigits(share: number, places = 1): string {
  return (100 * share).toFixed(places)
}

/** A share in percent with no more digits than it has: 0.015 as "1.5 %". */
export function formatShortPercent(share: number): string {
  return `${Number((100 * share).toPrecision(12))} %`
}

/** The tick of a share on an axis whose label says "(%)", rounded to so many digits after the point: 0.25 as "25". */
export function formatPercentTick(share: number, places = 0): string {
  return String(Math.round(share * 100 * 10 ** places) / 10 ** places)
}

/** A p as an equation; one below the range of double precision as an inequality, since no p is 0. */
export function formatP(p: number): string {
  return p < 1e-300 ? `p < ${powerOfTen(-300)}` : `p = ${formatNumber(p)}`
}

/** A p alone: three digits after the point, and below 0.001 an exponent, as "1.2e-7". */
export function formatProbability(p: number): string {
  return p < 0.001 ? p.toExponential(1) : p.toFixed(3)
}

/** Milliseconds with three significant digits: "0.123 ms". */
export function formatMs(ms: number): string {
  return `${formatSignificant(ms)} ms`
}

/** Bytes with a decimal unit: "1.4 GB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let power = 0
  let amount = bytes
  // What would be rounded to 1000.0 is 1.0 of the next unit.
  for (; amount >= 999.95 && power < units.length - 1; power++) amount /= 1000
  return `${amount.toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

/** A tick: a decimal where that is short, a power of ten where it is not. */
export function formatTick(value: number): string {
  const exponent = Math.round(Math.log10(value))
  const isPower = Math.abs(value / 10 ** exponent - 1) < 1e-9
  if (value > 0 && value < 0.0005 && isPower) return powerOfTen(exponent)
  return String(Number(value.toPrecision(6)))
}

function powerOfTen(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map(digit => superscripts[Number(digit)]).join('')
  return `10${exponent < 0 ? '⁻' : ''}${digits}`
}
