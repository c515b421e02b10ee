import type { EntropyStatistics } from '../../kernels/entropy/entropy.ts'
import type { TopLogit } from '../../kernels/top-k/top-k.ts'

/**
 * Joins the statistics of the ranks' parts of one row of logits, in float64. With M the larger maximum and δ = m − M:
 * s' = s·e^δ, t' = (t + δs)·e^δ, u' = (u + 2δt + δ²s)·e^δ, w' = w + δ·n, n the part's finite logits; then
 * H = ln s − t/s, varentropy = u/s − (t/s)². `widths` are the parts' numbers of logits.
 */
export function mergeStatistics(
  parts: readonly EntropyStatistics[],
  widths: readonly number[],
): EntropyStatistics {
  if (parts.length === 1) return parts[0]!
  const filled = parts
    .map((part, i) => ({ ...part, count: widths[i]! - part.notFinite }))
    .filter(part => part.count > 0)
  const maximum = filled.reduce((most, part) => Math.max(most, part.maximum), Number.NEGATIVE_INFINITY)
  let s = 0
  let t = 0
  let u = 0
  let w = 0
  for (const part of filled) {
    const delta = part.maximum - maximum
    const e = Math.exp(delta)
    s += part.s * e
    t += (part.t + delta * part.s) * e
    u += (part.u + 2 * delta * part.t + delta * delta * part.s) * e
    w += part.w + delta * part.count
  }
  const mean = t / s
  return {
    maximum,
    s,
    t,
    u,
    w,
    entropyNats: Math.max(0, Math.log(s) - mean),
    varentropy: Math.max(0, u / s - mean * mean),
    notFinite: parts.reduce((sum, part) => sum + part.notFinite, 0),
  }
}

/** The k largest of the ranks' largest logits, largest first, ties by the lower id. */
export function mergeTop(parts: readonly TopLogit[][], k: number): TopLogit[] {
  if (parts.length === 1) return parts[0]!
  return parts
    .flat()
    .filter(({ id }) => id !== noToken)
    .sort((a, b) => b.logit - a.logit || a.id - b.id)
    .slice(0, k)
}

/** The id that stands for no token, where a row has fewer finite logits than were asked for. */
export const noToken = 0xffffffff
