import { InputError } from '../input-error.ts'
import { mostTokens } from './config-keys.ts'
import type { Stated } from './gguf-fields.ts'
import type { RopeConfig, RopeScaling } from './rope-config.ts'

/** The tensors that scale rotary embeddings; their numbers are needed to know the config. */
export const ropeFactorNames = ['rope_freqs.weight', 'rope_factors_long.weight', 'rope_factors_short.weight']

/** How queries and keys turn; in gemma3 in the layers without a window. */
export function ropeOf(stated: Stated): RopeConfig {
  const { architecture, sizes } = stated
  const theta = stated.base('rope.freq_base', architecture === 'gemma3' ? 1e6 : 10000)
  const width = stated.size('rope.dimension_count', sizes.headDim, sizes.headDim)
  if (width % 2 !== 0)
    throw new InputError(
      `${stated.where}: ${stated.key('rope.dimension_count')} is ${width}, expected an even number, since what turns are pairs; the metadata is damaged`,
    )
  return { theta, width, scaling: ropeScaling(stated, width) }
}

function ropeScaling(stated: Stated, width: number): RopeScaling | null {
  const { ropeFactors, sizes } = stated
  const refuse = (found: string, expected: string): never => {
    throw new InputError(
      `${stated.where}: ${found}, expected ${expected}; a model with it is not computed here`,
    )
  }
  const type = stated.text('rope.scaling.type', 'linear')
  // llama.cpp takes 0 for none.
  const factor = stated.cap('rope.scaling.factor', stated.cap('rope.scale_linear', 0) ?? 0) ?? 1
  const originalContext = stated.size(
    'rope.scaling.original_context_length',
    mostTokens,
    sizes.maxPositionEmbeddings,
  )
  const attentionFactor = stated.positive('rope.scaling.attn_factor', 1)
  const [freqs, longFactors, shortFactors] = ropeFactorNames.map(name => ropeFactors.get(name))
  for (const [index, factors] of [freqs, longFactors, shortFactors].entries())
    if (
      factors &&
      (factors.length !== width / 2 || !factors.every(each => each > 0 && Number.isFinite(each)))
    )
      refuse(
        `tensor ${ropeFactorNames[index]}: ${factors.length} numbers`,
        `${width / 2} above 0, one for each pair of ${stated.key('rope.dimension_count')} ${width}`,
      )
  if (type === 'yarn') {
    if (freqs || longFactors)
      refuse(`${stated.key('rope.scaling.type')} "yarn" beside a tensor of factors`, 'one of the two')
    return {
      type,
      factor,
      originalContext,
      betaFast: stated.positive('rope.scaling.yarn_beta_fast', 32),
      betaSlow: stated.positive('rope.scaling.yarn_beta_slow', 1),
      truncate: true,
      attentionFactor:
        attentionFactor * stated.positive('rope.scaling.yarn_attn_factor', 1) * (1 + 0.1 * Math.log(factor)),
    }
  }
  if (!longFactors !== !shortFactors)
    refuse(
      `tensor ${longFactors ? ropeFactorNames[1] : ropeFactorNames[2]} alone`,
      `${ropeFactorNames[1]} and ${ropeFactorNames[2]} together`,
    )
  if (longFactors && shortFactors)
    return { type: 'longrope', longFactors, shortFactors, originalContext, attentionFactor }
  if (type === 'longrope')
    refuse(
      `${stated.key('rope.scaling.type')} "longrope"`,
      'the tensors rope_factors_long.weight and rope_factors_short.weight with it',
    )
  if (type !== 'linear' && type !== 'none' && type !== 'llama3')
    refuse(`${stated.key('rope.scaling.type')} "${type}"`, 'none, linear, yarn, longrope or llama3')
  const linear = type === 'linear' ? factor : 1
  if (freqs) return { type: 'factors', factors: freqs.map(each => each * linear) }
  return linear === 1 ? null : { type: 'linear', factor: linear }
}

/** YaRN stretches the original context; some files state that as the context. */
export function longestContext(stated: number, scaling: RopeScaling | null): number {
  if (scaling?.type !== 'yarn') return stated
  return Math.min(mostTokens, Math.max(stated, Math.floor(scaling.originalContext * scaling.factor)))
}
