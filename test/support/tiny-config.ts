import type { ModelConfig } from '../../core/model/config.ts'

/** A model so small that its weights can be written down. */
export const tinyConfig: ModelConfig = {
  vocabSize: 7,
  hiddenSize: 8,
  intermediateSize: 5,
  layers: 2,
  heads: 2,
  keyValueHeads: 1,
  headDim: 4,
  ropeTheta: 10000,
  rmsNormEps: 1e-6,
  maxPositionEmbeddings: 64,
  tieWordEmbeddings: false,
  eosTokenIds: [],
  bosTokenId: null,
  dtype: null,
}
