import { normalQuantile975, normalTail } from './normal-tail.ts'

/** The 80 % quantile of the standard normal distribution. */
const normalQuantile80 = 0.8416212335729143

/**
 * Power, samples needed and detectable effect of the two-sided Mann–Whitney test of an AUROC against 0.5 at the 5 % level, by Noether's
 * formula (1987): the standardised effect is |A − 1/2|·√(12·n₁·n₀/N), the null variance standing for both. For independent samples.
 */
export function powerOfAuroc(auroc: number, marked: number, others: number): number | null {
  if (marked === 0 || others === 0) return null
  return 1 - normalTail(standardisedEffect(auroc, marked, others) - normalQuantile975)
}

/** Samples in all that give 80 % power when `share` of them are marked; null when the share is 0 or 1 or the AUROC is 0.5. */
export function samplesNeeded(auroc: number, share: number): number | null {
  if (!(share > 0 && share < 1) || auroc === 0.5) return null
  const quantiles = normalQuantile975 + normalQuantile80
  return Math.ceil(quantiles ** 2 / (12 * share * (1 - share) * (auroc - 0.5) ** 2))
}

/** The smallest AUROC above 0.5 that has 80 % power with these classes; null when not even 1 has, or a class is empty. */
export function detectableAuroc(marked: number, others: number): number | null {
  if (marked === 0 || others === 0) return null
  const auroc = 0.5 + (normalQuantile975 + normalQuantile80) / standardisedEffect(1.5, marked, others)
  return auroc <= 1 ? auroc : null
}

function standardisedEffect(auroc: number, marked: number, others: number): number {
  return Math.abs(auroc - 0.5) * Math.sqrt((12 * marked * others) / (marked + others))
}
