import type { RopeConfig, RopeScaling } from './rope-config.ts'

/**
 * cos and sin of what each pair of a head turns at each position below `capacity`, as pairs [places, width / 2, 2].
 * Computed in float64 and rounded once: WGSL's own sin and cos are off by 3e-3 at large arguments, and f32 frequencies by
 * a thousandth of a turn at long contexts. Places are positions; where `hasLongTurns`, those of a sequence that exceeds the
 * original context follow, position p at capacity + p.
 */
export function ropeTable(rope: RopeConfig, capacity: number): Float32Array<ArrayBuffer> {
  const { width, scaling } = rope
  const pairs = width / 2
  const factor = scaling && 'attentionFactor' in scaling ? scaling.attentionFactor : 1
  const table = new Float32Array(ropePlaces(rope, capacity) * width)
  const spans = hasLongTurns(rope, capacity) ? ['within', 'beyond'] : ['within']
  for (const [span, of] of spans.entries()) {
    for (const [pair, frequency] of ropeFrequencies(rope, of === 'beyond').entries()) {
      for (let position = 0; position < capacity; position++) {
        const at = ((span * capacity + position) * pairs + pair) * 2
        table[at] = factor * Math.cos(position * frequency)
        table[at + 1] = factor * Math.sin(position * frequency)
      }
    }
  }
  return table
}

/** Whether a sequence of some length below `capacity` turns otherwise at all its positions than a shorter one. */
export function hasLongTurns({ scaling }: RopeConfig, capacity: number): boolean {
  return scaling?.type === 'longrope' && capacity > scaling.originalContext
}

/** Places of ropeTable: its first dimension. */
export function ropePlaces(rope: RopeConfig, capacity: number): number {
  return hasLongTurns(rope, capacity) ? 2 * capacity : capacity
}

/**
 * Radians that each pair of a head turns from one position to the next, before anything is rounded; `isBeyond` of a
 * sequence that exceeds the original context.
 */
export function ropeFrequencies({ theta, width, scaling }: RopeConfig, isBeyond = false): number[] {
  const scale = scalingOf(scaling, theta, width, isBeyond)
  return Array.from({ length: width / 2 }, (_, pair) => {
    const frequency = theta ** ((-2 * pair) / width)
    return scale(frequency, pair)
  })
}

/** What becomes of the frequency of a pair. The formulas are those of Transformers' modeling_rope_utils.py. */
function scalingOf(
  scaling: RopeScaling | null,
  theta: number,
  width: number,
  isBeyond: boolean,
): (frequency: number, pair: number) => number {
  switch (scaling?.type) {
    case undefined:
      return frequency => frequency
    case 'linear':
      return frequency => frequency / scaling.factor
    case 'factors':
      return (frequency, pair) => frequency / scaling.factors[pair]!
    case 'longrope': {
      const factors = isBeyond ? scaling.longFactors : scaling.shortFactors
      return (frequency, pair) => frequency / factors[pair]!
    }
    case 'llama3': {
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling
      return frequency => {
        // How often the pair turns in the original context.
        const turns = (originalContext * frequency) / (2 * Math.PI)
        const kept = low === high ? (turns < low ? 0 : 1) : clamp((turns - low) / (high - low))
        return mixed(frequency / factor, frequency, kept)
      }
    }
    case 'yarn': {
      const { factor, originalContext, betaFast, betaSlow, truncate } = scaling
      // The pair, as a real number, that turns so often in the original context.
      const pairThatTurns = (times: number) =>
        (width * Math.log(originalContext / (times * 2 * Math.PI))) / (2 * Math.log(theta))
      const first = pairThatTurns(betaFast)
      const last = pairThatTurns(betaSlow)
      const from = Math.max(truncate ? Math.floor(first) : first, 0)
      const to = Math.min(truncate ? Math.ceil(last) : last, width - 1)
      // Equal bounds are set apart as Transformers does, so that the mixture is a step.
      const span = to === from ? 0.001 : to - from
      return (frequency, pair) => mixed(frequency, frequency / factor, clamp((pair - from) / span))
    }
    default:
      return scaling satisfies never
  }
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share))
}

/** `one` where the share of `other` is 0. */
function mixed(one: number, other: number, shareOfOther: number): number {
  return one * (1 - shareOfOther) + other * shareOfOther
}
