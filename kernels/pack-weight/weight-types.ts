/**
 * The types that a weight may be stored in: how many neighbouring inputs of an output are one block, and its bytes. Blocks
 * of more than one input are ggml's (ggml-common.h), by the names it gives them.
 */
export const weightTypes = {
  f32: { inputs: 1, bytes: 4 },
  f16: { inputs: 1, bytes: 2 },
  bf16: { inputs: 1, bytes: 2 },
  q8_0: { inputs: 32, bytes: 34 },
  q4_0: { inputs: 32, bytes: 18 },
  q4_1: { inputs: 32, bytes: 20 },
  q5_0: { inputs: 32, bytes: 22 },
  q5_1: { inputs: 32, bytes: 24 },
  iq4_nl: { inputs: 32, bytes: 18 },
  mxfp4: { inputs: 32, bytes: 17 },
  q2_k: { inputs: 256, bytes: 84 },
  q3_k: { inputs: 256, bytes: 110 },
  q4_k: { inputs: 256, bytes: 144 },
  q5_k: { inputs: 256, bytes: 176 },
  q6_k: { inputs: 256, bytes: 210 },
} as const satisfies Record<string, { inputs: number; bytes: number }>

/** A type that a weight may be stored in. */
export type WeightType = keyof typeof weightTypes
