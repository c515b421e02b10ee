/** Small models with random weights of the families that are served, in test/models; golden/tiny-*.json hold their outputs. */
export const familyModels = [
  'tiny-llama3',
  'tiny-llama-linear',
  'tiny-mistral',
  'tiny-qwen3',
  'tiny-gemma3',
  'tiny-gemma2',
  'tiny-phi3',
  'tiny-olmo2',
  'tiny-smollm3',
  'tiny-granite',
  'tiny-qwen2-yarn',
  'tiny-qwen2-window',
  'tiny-qwen2-moe',
  'tiny-qwen3-moe',
  'tiny-mixtral',
] as const
