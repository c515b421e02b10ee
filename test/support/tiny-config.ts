import type { ModelConfig } from '../../core/model/config.ts'
import { plainDecoder } from '../../core/model/decoder-features.ts'

/** A model so small that its weights can be written down. */
export const tinyConfig: ModelConfig = {
  ...plainDecoder(2, 4, 10000),
  family: 'qwen2',
  biases: { query: true, key: true, value: true, output: false, mlp: false },
  vocabSize: 7,
  hiddenSize: 8,
  intermediateSize: 5,
  layers: 2,
  heads: 2,
  keyValueHeads: 1,
  headDim: 4,
  rmsNormEps: 1e-6,
  maxPositionEmbeddings: 64,
  tieWordEmbeddings: false,
  eosTokenIds: [],
  bosTokenId: null,
  dtype: null,
}
