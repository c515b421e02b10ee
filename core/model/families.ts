/**
 * A family of decoders as data: what its config.json is called and leaves out, which keys it reads, and which of a
 * decoder's features follow. What its entry does not state is as Llama has it.
 */
export interface Family {
  /** Names of its architecture; the first is what Transformers writes today. */
  architectures: readonly string[]
  /** What people know it by. */
  models: string
  /** What Transformers' config class of the family takes for keys that a file may leave out. */
  defaults: Readonly<Record<string, unknown>>
  /** Where the RMSNorms are, and whether they multiply by 1 + weight. */
  norms?: 'after' | 'both'
  normOffset?: 1
  queryKeyNorm?: 'head' | 'full'
  /** Whether query, key and value add a bias, and output and MLP: always, or as a key says. */
  biases?: { queryKeyValue?: true | string; output?: string; mlp?: string }
  /** The key that names what the gate passes through. */
  activation?: 'hidden_activation'
  /** Gemma: embedding × √D, scores / √query_pre_attn_scalar. Granite: four factors of its own. */
  scales?: 'gemma' | 'granite'
  /** What is capped: of attention's scores by attn_logit_softcapping, of the logits by final_logit_softcapping. */
  caps?: { scores?: true; logits: true }
  /** Which layers have windows, by the rule that the family's keys follow. */
  windows?: WindowRule
  /** Whether a layer's rope is that of its type, as Gemma 3's. */
  ropeByLayerType?: true
  /** Whether partial_rotary_factor is read. */
  partialRotary?: true
  /** What the types of rope_scaling were called before. */
  ropeTypeNames?: Readonly<Record<string, string>>
  /** Whether no_rope_layers is read. */
  layersWithoutRope?: true
  experts?: ExpertKeys
  /** Whether the checkpoint holds query, key and value in one tensor, and gate and up. */
  fused?: true
  /** Where the decoder's config is, in a config of images and text. */
  textConfig?: { key: string; family: string }
  /** Keys that its files state and Transformers does not compute with, of other families all or these: named and not refused. */
  ignoresForeignKeys?: 'all' | readonly string[]
}

/** Types of layers, as layer_types names them. */
export const layerTypes = { sliding: 'sliding_attention', full: 'full_attention' } as const

/** Which layers have windows. Where the rule reads layer_types, that decides. */
export type WindowRule =
  /** Where use_sliding_window is true, layers from max_window_layers on. Reads layer_types. */
  | 'from-layer'
  /** Where use_sliding_window is true, every other layer below max_window_layers. Reads layer_types. */
  | 'alternating-below-layer'
  /** Where use_sliding_window is true, every layer. */
  | 'all-if-used'
  /** Every layer, unless sliding_window is null. */
  | 'all'
  /** All but each sliding_window_pattern-th layer. Reads layer_types. */
  | 'pattern'
  /** Where use_sliding_window is true, layers without rope. Reads layer_types. */
  | 'without-rope'

/** Where a family says what its experts are, and what it calls their tensors. */
export interface ExpertKeys {
  /** Keys of the number of experts, any of them. */
  count: readonly string[]
  /** Key of the columns of one. */
  width: string
  /** Whether the weights of a row's experts are divided by their sum: always, or as norm_topk_prob says. */
  normalised: true | 'norm_topk_prob'
  /** Whether decoder_sparse_step and mlp_only_layers say which layers have plain MLPs. */
  denseLayers: boolean
  /** Whether a gated expert of shared_expert_intermediate_size columns takes every row. */
  shared: boolean
  /** Names within a layer; N stands for the expert. */
  tensors: { router: string; gate: string; up: string; down: string }
}

const qwenExperts: ExpertKeys = {
  count: ['num_experts', 'num_local_experts'],
  width: 'moe_intermediate_size',
  normalised: 'norm_topk_prob',
  denseLayers: true,
  shared: false,
  tensors: {
    router: 'mlp.gate',
    gate: 'mlp.experts.N.gate_proj',
    up: 'mlp.experts.N.up_proj',
    down: 'mlp.experts.N.down_proj',
  },
}
const mixtralExperts: ExpertKeys = {
  count: ['num_local_experts', 'num_experts'],
  width: 'intermediate_size',
  normalised: true,
  denseLayers: false,
  shared: false,
  tensors: {
    router: 'block_sparse_moe.gate',
    gate: 'block_sparse_moe.experts.N.w1',
    up: 'block_sparse_moe.experts.N.w3',
    down: 'block_sparse_moe.experts.N.w2',
  },
}

const attentionBias = { queryKeyValue: 'attention_bias', output: 'attention_bias' }
const everyBias = { ...attentionBias, mlp: 'mlp_bias' }

const gemma = {
  norms: 'both',
  normOffset: 1,
  biases: attentionBias,
  activation: 'hidden_activation',
  scales: 'gemma',
  windows: 'pattern',
} as const

const gemma3 = {
  ...gemma,
  queryKeyNorm: 'head',
  ropeByLayerType: true,
  caps: { logits: true },
  // A key of Gemma3TextConfig that no layer of Transformers reads.
  ignoresForeignKeys: ['attn_logit_softcapping'],
} as const

const gemmaDefaults = {
  hidden_activation: 'gelu_pytorch_tanh',
  num_key_value_heads: 4,
  head_dim: 256,
  query_pre_attn_scalar: 256,
  sliding_window: 4096,
  tie_word_embeddings: true,
}
const gemma3Defaults = {
  ...gemmaDefaults,
  // What google's files of images and text leave out is what the class says.
  vocab_size: 262208,
  hidden_size: 2304,
  intermediate_size: 9216,
  num_hidden_layers: 26,
  num_attention_heads: 8,
  max_position_embeddings: 131072,
  rope_theta: 1e6,
  rope_local_base_freq: 1e4,
  sliding_window_pattern: 6,
}

/** The families that are served, by the model_type of their config.json. */
export const families = {
  qwen2: {
    architectures: ['Qwen2ForCausalLM'],
    models: 'Qwen2, Qwen2.5',
    defaults: { max_position_embeddings: 32768, sliding_window: 4096, max_window_layers: 28 },
    biases: { queryKeyValue: true },
    windows: 'from-layer',
    ignoresForeignKeys: 'all',
  },
  qwen2_moe: {
    architectures: ['Qwen2MoeForCausalLM'],
    models: 'Qwen1.5-MoE, Qwen2-57B-A14B',
    defaults: {
      max_position_embeddings: 32768,
      num_key_value_heads: 16,
      sliding_window: 4096,
      max_window_layers: 28,
      num_experts: 60,
      num_experts_per_tok: 4,
      moe_intermediate_size: 1408,
      shared_expert_intermediate_size: 5632,
      qkv_bias: true,
    },
    biases: { queryKeyValue: 'qkv_bias' },
    windows: 'alternating-below-layer',
    experts: { ...qwenExperts, shared: true },
  },
  qwen3: {
    architectures: ['Qwen3ForCausalLM'],
    models: 'Qwen3',
    defaults: {
      max_position_embeddings: 32768,
      num_key_value_heads: 32,
      head_dim: 128,
      sliding_window: 4096,
      max_window_layers: 28,
    },
    queryKeyNorm: 'head',
    biases: attentionBias,
    windows: 'from-layer',
  },
  qwen3_moe: {
    architectures: ['Qwen3MoeForCausalLM'],
    models: 'Qwen3-MoE',
    defaults: {
      max_position_embeddings: 32768,
      num_key_value_heads: 4,
      sliding_window: 4096,
      num_experts_per_tok: 8,
      moe_intermediate_size: 768,
    },
    queryKeyNorm: 'head',
    biases: attentionBias,
    windows: 'all-if-used',
    experts: qwenExperts,
  },
  llama: {
    architectures: ['LlamaForCausalLM', 'LLaMAForCausalLM'],
    models: 'Llama 2, 3, 3.1 to 3.3, SmolLM2, TinyLlama, Yi',
    defaults: { max_position_embeddings: 2048 },
    biases: everyBias,
  },
  mistral: {
    architectures: ['MistralForCausalLM'],
    models: 'Mistral',
    defaults: { max_position_embeddings: 131072, num_key_value_heads: 8, sliding_window: 4096 },
    windows: 'all',
  },
  mixtral: {
    architectures: ['MixtralForCausalLM'],
    models: 'Mixtral',
    defaults: {
      max_position_embeddings: 131072,
      num_key_value_heads: 8,
      rms_norm_eps: 1e-5,
      rope_theta: 1e6,
      num_local_experts: 8,
      num_experts_per_tok: 2,
    },
    windows: 'all',
    experts: mixtralExperts,
  },
  gemma2: {
    architectures: ['Gemma2ForCausalLM'],
    models: 'Gemma 2',
    defaults: {
      ...gemmaDefaults,
      max_position_embeddings: 8192,
      // Layers 0, 2, 4, ... have windows; Transformers knows no key for it.
      sliding_window_pattern: 2,
      attn_logit_softcapping: 50,
      final_logit_softcapping: 30,
    },
    ...gemma,
    caps: { scores: true, logits: true },
  },
  gemma3_text: {
    architectures: ['Gemma3ForCausalLM'],
    models: 'Gemma 3 (text)',
    defaults: gemma3Defaults,
    ...gemma3,
  },
  gemma3: {
    architectures: ['Gemma3ForConditionalGeneration'],
    models: 'the text half of Gemma 3',
    defaults: gemma3Defaults,
    ...gemma3,
    textConfig: { key: 'text_config', family: 'gemma3_text' },
  },
  phi3: {
    architectures: ['Phi3ForCausalLM'],
    models: 'Phi-3, Phi-3.5, Phi-4, Phi-4-mini',
    defaults: {
      max_position_embeddings: 4096,
      original_max_position_embeddings: 4096,
      rms_norm_eps: 1e-5,
    },
    windows: 'all',
    partialRotary: true,
    ropeTypeNames: { su: 'longrope', yarn: 'longrope' },
    fused: true,
  },
  olmo2: {
    architectures: ['Olmo2ForCausalLM'],
    models: 'OLMo 2',
    defaults: { max_position_embeddings: 2048, rms_norm_eps: 1e-5 },
    norms: 'after',
    queryKeyNorm: 'full',
    biases: attentionBias,
  },
  smollm3: {
    architectures: ['SmolLM3ForCausalLM'],
    models: 'SmolLM3',
    defaults: {
      max_position_embeddings: 32768,
      num_key_value_heads: 4,
      rope_theta: 2e6,
      tie_word_embeddings: true,
      sliding_window: null,
      no_rope_layer_interval: 4,
    },
    biases: everyBias,
    windows: 'without-rope',
    layersWithoutRope: true,
  },
  granite: {
    architectures: ['GraniteForCausalLM'],
    models: 'Granite 3',
    defaults: { max_position_embeddings: 2048, attention_multiplier: 1 },
    biases: everyBias,
    scales: 'granite',
  },
} as const satisfies Record<string, Family>

/** The model_type of a family that is served. */
export type FamilyName = keyof typeof families

/** The entry of a family that is served. */
export function familyOf(name: string): Family {
  if (Object.hasOwn(families, name)) return families[name as FamilyName]
  throw new Error(`families: ${name}, expected one of ${Object.keys(families).join(', ')}`)
}

/** What a family calls the tensors of its experts, within a layer; N stands for the expert. */
export function expertNames(name: string): ExpertKeys['tensors'] {
  return (familyOf(name).experts ?? qwenExperts).tensors
}

/** What the forward pass lacks for families that people ask for, by model_type. */
export const missingFeatures: Readonly<Record<string, string>> = {
  bloom: 'ALiBi and LayerNorm',
  cohere: 'LayerNorm, and attention and MLP side by side',
  cohere2: 'LayerNorm, and attention and MLP side by side',
  deepseek_v2: 'multi-head latent attention',
  deepseek_v3: 'multi-head latent attention',
  falcon: 'LayerNorm, and attention and MLP side by side',
  falcon_h1: 'state-space layers',
  gemma3n: 'embeddings of every layer, and its residual streams',
  glm: 'rotation of neighbouring pairs',
  glm4: 'rotation of neighbouring pairs',
  gpt2: 'learned positions and LayerNorm',
  gpt_bigcode: 'learned positions and LayerNorm',
  gpt_neox: 'LayerNorm, and attention and MLP side by side',
  gpt_oss: 'attention sinks',
  jamba: 'state-space layers',
  llama4: 'chunked attention and its router',
  llama4_text: 'chunked attention and its router',
  mamba: 'state-space layers',
  mamba2: 'state-space layers',
  mistral3: 'images',
  mllama: 'cross-attention to images',
  mpt: 'ALiBi and LayerNorm',
  nemotron: 'LayerNorm',
  olmo: 'LayerNorm without weights',
  opt: 'learned positions and LayerNorm',
  phi: 'LayerNorm, and attention and MLP side by side',
  phimoe: 'LayerNorm, and its router',
  qwen2_5_vl: 'images',
  qwen2_vl: 'images',
  qwen3_5: 'linear attention',
  qwen3_next: 'linear attention',
  qwen3_vl: 'images',
  stablelm: 'LayerNorm',
  starcoder2: 'LayerNorm',
}
