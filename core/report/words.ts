import { binsPerDecade } from '../study/tokens/forking-tokens.ts'

/** What stands for a number that is undefined; the warnings say why it is. */
const undefinedNumber = '–'

/** A number with so many digits after the point. */
export function digits(value: number | null | undefined, places = 3): string {
  return value === null || value === undefined || !Number.isFinite(value)
    ? undefinedNumber
    : value.toFixed(places).replace('-', '−')
}

/** A share in percent, with one digit. */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? undefinedNumber : `${digits(100 * value, 1)} %`
}

/** "0.700 (0.612 to 0.776)": a value and its 95 % interval. */
export function withInterval(
  value: number | null,
  low: number | null,
  high: number | null,
  show: (value: number | null) => string = digits,
): string {
  if (value === null) return undefinedNumber
  return low === null || high === null
    ? `${show(value)} (no interval)`
    : `${show(value)} (${show(low)} to ${show(high)})`
}

/** The same of an interval that has its ends together; null is none. */
export function estimate(
  value: number | null | undefined,
  interval: { low: number | null; high: number | null } | null | undefined,
  show?: (value: number | null) => string,
): string {
  return withInterval(value ?? null, interval?.low ?? null, interval?.high ?? null, show)
}

/** With four digits, for nats. */
export function nats(value: number | null): string {
  return digits(value, 4)
}

/** A p-value: three digits, or how small it is. */
export function probability(p: number | null | undefined): string {
  if (p === null || p === undefined) return undefinedNumber
  return p < 0.001 ? '< 0.001' : digits(p)
}

/** The beginning of a text, with a mark where it was cut. */
export function excerpt(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).trimEnd()} …`
}

/** A token's text on one line, with its white space shown. */
export function visible(text: string): string {
  return excerpt(text.replaceAll('\n', '↵').replaceAll('\t', '⇥').replaceAll(' ', '␣'), 24)
}

export { formatCount as count } from '../format-number.ts'

/** What has to be known of how a statistic was computed, and other programs do otherwise: said beside the number. */
export const statisticNotes = {
  mannWhitney: "Mann–Whitney's p is two-sided, asymptotic, and corrected for ties and for continuity",
  kendall: "Kendall's p is two-sided, asymptotic, and corrected for ties, but not for continuity",
  firth: "standard errors with Firth's penalty are of the plain information, which leaves the penalty out",
  histogram: `quantiles of token entropies are read from a histogram whose bins are ${Math.round(100 * (10 ** (1 / binsPerDecade) - 1))} % wide`,
} as const
