import { z } from 'zod'
import { describeIssues } from '../describe-issues.ts'
import { InputError } from '../input-error.ts'

// Loose on purpose: what a config of another architecture holds must not hide that it is of another architecture.
const anyConfig = z.looseObject({
  architectures: z.array(z.string()).nullish(),
  model_type: z.string().nullish(),
})

/** Throws InputError, by name, for whatever a config.json asks for that the Qwen2 forward pass here does not compute. */
export function refuseUnsupported(json: unknown, where: string): void {
  const parsed = anyConfig.safeParse(json)
  if (!parsed.success)
    throw new InputError(`${where}: ${describeIssues(parsed.error)}; expected a model's config.json`)
  const config = parsed.data
  const refuse = (found: string, expected: string): never => {
    throw new InputError(`${where}: ${found} is not supported, expected ${expected}; use another checkpoint`)
  }
  const architecture = config.architectures?.join(', ') || null
  if (
    (config.model_type ?? 'qwen2') !== 'qwen2' ||
    (architecture ?? 'Qwen2ForCausalLM') !== 'Qwen2ForCausalLM'
  )
    refuse(`architecture ${architecture ?? config.model_type}`, 'Qwen2ForCausalLM (Qwen2, Qwen2.5)')
  if (architecture === null && config.model_type == null)
    refuse('a config that names no architecture', '"architectures": ["Qwen2ForCausalLM"]')
  if (config.quantization_config != null)
    refuse('a quantized checkpoint (quantization_config)', 'weights in bf16, f16 or f32')
  // Two names of one function.
  if (!['silu', 'swish'].includes(String(config.hidden_act ?? 'silu')))
    refuse(`hidden_act ${show(config.hidden_act)}`, '"silu"')
  refuseWindows(config, refuse)
  if (!isPlainRope(config.rope_scaling)) refuse(`rope_scaling ${show(config.rope_scaling)}`, 'null')
  if (!isPlainRope(config.rope_parameters))
    refuse(`rope_parameters ${show(config.rope_parameters)}`, 'rope_type "default" over the whole head')
}

/**
 * Refuses layers that do not see their whole context. As Transformers reads the fields, layers have a window where
 * layer_types says so or, without it, from max_window_layers on where use_sliding_window is true; a window that is no
 * shorter than the context hides nothing.
 */
function refuseWindows(
  config: z.infer<typeof anyConfig>,
  refuse: (found: string, expected: string) => void,
): void {
  // What is left out takes the default that Transformers' Qwen2Config gives it.
  const { sliding_window: window = 4096, max_position_embeddings: context = 32768 } = config
  const hidesNothing = typeof window === 'number' && typeof context === 'number' && window >= context
  if (config.layer_types != null) {
    const served: unknown[] = ['full_attention', ...(hidesNothing ? ['sliding_attention'] : [])]
    const other = [config.layer_types].flat().find(type => !served.includes(type))
    if (other !== undefined) refuse(`layer type ${show(other)} (layer_types)`, 'only "full_attention"')
    return
  }
  if (config.use_sliding_window !== true || window === null || hidesNothing) return
  const { max_window_layers: first = 28, num_hidden_layers: layers } = config
  if (typeof first === 'number' && typeof layers === 'number' && first >= layers) return
  refuse(
    `sliding-window attention (use_sliding_window, with sliding_window ${show(window)} from layer ${show(first)} of ${show(layers)} on)`,
    'use_sliding_window false, or a window that no layer has',
  )
}

/** Whether a rope_scaling or rope_parameters object leaves the rotation unscaled. */
function isPlainRope(value: unknown): boolean {
  const rope = z
    .object({
      rope_type: z.literal('default').optional(),
      type: z.literal('default').optional(),
      rope_theta: z.number().optional(),
      partial_rotary_factor: z.literal(1).optional(),
    })
    .strict()
  return rope.nullish().safeParse(value).success
}

function show(value: unknown): string {
  return JSON.stringify(value)
}
