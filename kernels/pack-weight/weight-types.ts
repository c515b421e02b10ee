/** A part of every block that lies together on the device: `bytes` of it (16, 4, 2 or 1) from `offset` on. */
export interface BlockPlane {
  offset: number
  bytes: 16 | 4 | 2 | 1
}

/** Planes of 16 bytes, one after another from `offset` on. */
function wide(offset: number, count: number): BlockPlane[] {
  return Array.from({ length: count }, (_, i) => ({ offset: offset + 16 * i, bytes: 16 }))
}

/** A plane of fewer bytes. */
function narrow(offset: number, bytes: 4 | 2 | 1): BlockPlane {
  return { offset, bytes }
}

/**
 * The types that a weight may be stored in: how many neighbouring inputs of an output are one block, its bytes, and in
 * which planes they lie on the device. Blocks of more than one input are ggml's (ggml-common.h), by the names it gives
 * them. Of the others 16 bytes are a plane's element.
 */
export const weightTypes = {
  f32: { inputs: 1, bytes: 4, planes: wide(0, 1) },
  f16: { inputs: 1, bytes: 2, planes: wide(0, 1) },
  bf16: { inputs: 1, bytes: 2, planes: wide(0, 1) },
  q8_0: { inputs: 32, bytes: 34, planes: [...wide(2, 2), narrow(0, 2)] },
  q4_0: { inputs: 32, bytes: 18, planes: [...wide(2, 1), narrow(0, 2)] },
  q4_1: { inputs: 32, bytes: 20, planes: [...wide(4, 1), narrow(0, 4)] },
  q5_0: { inputs: 32, bytes: 22, planes: [...wide(6, 1), narrow(2, 4), narrow(0, 2)] },
  q5_1: { inputs: 32, bytes: 24, planes: [...wide(8, 1), narrow(4, 4), narrow(0, 4)] },
  iq4_nl: { inputs: 32, bytes: 18, planes: [...wide(2, 1), narrow(0, 2)] },
  mxfp4: { inputs: 32, bytes: 17, planes: [...wide(1, 1), narrow(0, 1)] },
  q2_k: { inputs: 256, bytes: 84, planes: [...wide(0, 5), narrow(80, 4)] },
  q3_k: {
    inputs: 256,
    bytes: 110,
    planes: [...wide(0, 6), narrow(96, 4), narrow(100, 4), narrow(104, 4), narrow(108, 2)],
  },
  q4_k: { inputs: 256, bytes: 144, planes: wide(0, 9) },
  q5_k: { inputs: 256, bytes: 176, planes: wide(0, 11) },
  q6_k: { inputs: 256, bytes: 210, planes: [...wide(0, 13), narrow(208, 2)] },
} as const satisfies Record<string, { inputs: number; bytes: number; planes: BlockPlane[] }>

/** A type that a weight may be stored in. */
export type WeightType = keyof typeof weightTypes

/** All types, in the order of their numbers in shaders. */
export const weightTypeNames = Object.keys(weightTypes) as WeightType[]

/** Bytes of so many neighbouring inputs of an output as a file stores them: whole blocks. */
export function storedBytes(type: WeightType, inputs: number): number {
  const { inputs: blockInputs, bytes } = weightTypes[type]
  return Math.ceil(inputs / blockInputs) * bytes
}

/** Whether a type stores numbers one by one. */
export function isPlain(type: WeightType): type is 'f32' | 'f16' | 'bf16' {
  return weightTypes[type].inputs === 1
}
