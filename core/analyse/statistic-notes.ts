import { binsPerDecade } from './tokens/entropy-histogram.ts'

/** What has to be known of how a statistic was computed, and other programs do otherwise: said beside the number. */
export const statisticNotes = {
  mannWhitney: "Mann–Whitney's p is two-sided, asymptotic, and corrected for ties and for continuity",
  kendall: "Kendall's p is two-sided, asymptotic, and corrected for ties, but not for continuity",
  firth: "standard errors with Firth's penalty are of the plain information, which leaves the penalty out",
  histogram: `quantiles of token entropies are read from a histogram whose bins are ${Math.round(100 * (10 ** (1 / binsPerDecade) - 1))} % wide`,
} as const
