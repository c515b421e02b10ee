import { type EntropyScale, entropyScale } from './entropy-scale.ts'
import type { FigureData } from './figure-data.ts'
import { formatNumber, formatTick } from './format-number.ts'
import type { Tick } from './panel.ts'

/** The scale that every panel of mean entropies shares, over `range` pixels. */
export function meanEntropyScale(data: FigureData, range: [number, number]): EntropyScale {
  return entropyScale([...data.groups[0].meanEntropies, ...data.groups[1].meanEntropies], range)
}

export function entropyTicks(scale: EntropyScale): Tick[] {
  return scale.ticks.map(value => ({ at: scale.position(value), label: formatTick(value) }))
}

/** An axis label with the unit, and with what the axis cannot show. */
export function entropyLabel(what: string, scale: EntropyScale): string {
  if (scale.kind === 'linear') return `${what} (nats)`
  return scale.belowAxis === 0
    ? `${what} (nats, log scale)`
    : `${what} (nats, log scale, ${scale.belowAxis} below)`
}

/** Why mean entropies cannot be drawn, one line per string; null when they can. */
export function missingDistribution(data: FigureData): string[] | null {
  const values = [...data.groups[0].meanEntropies, ...data.groups[1].meanEntropies]
  if (values.length === 0) {
    return data.omitted === 0
      ? ['No answers to draw.']
      : [
          'No answers to draw:',
          `${data.omitted === 1 ? 'the one sample' : `all ${data.omitted} samples`} failed or`,
          'recorded no entropy.',
        ]
  }
  if (values.length > 1 && values.every(value => value === values[0])) {
    return [
      `All ${values.length} answers have the same mean entropy,`,
      `${formatNumber(values[0]!)} nats.`,
      'There is no distribution to draw.',
    ]
  }
  return null
}
