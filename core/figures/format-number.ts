const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** A number of three digits for a caption: 0.0312, 12.5, 3.1 × 10⁻⁹. */
export function formatNumber(value: number): string {
  if (value === 0) return '0'
  const exponent = Math.floor(Math.log10(Math.abs(value)))
  if (exponent >= -4 && exponent < 5) return String(Number(value.toPrecision(3)))
  const [mantissa, power] = value.toExponential(1).split('e')
  return `${mantissa} × ${powerOfTen(Number(power))}`
}

/** A p as an equation; one below the range of double precision as an inequality, since no p is 0. */
export function formatP(p: number): string {
  return p < 1e-300 ? `p < ${powerOfTen(-300)}` : `p = ${formatNumber(p)}`
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
