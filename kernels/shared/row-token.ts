import { checkTensor, elementCount, type Tensor } from '../gpu/tensor.ts'

/** What a step chose in its scored rows, of which rows of the next one are made on the device. */
export interface ChosenTokens {
  /** [rows, ...] u32: of each scored row some words. */
  tensor: Tensor
  /** Which of these is the token. */
  word: number
}

/**
 * Stands in a row's place of ids for a token that the host does not know yet: the one that the step before chose in its
 * scored row of this number (shared/row-token.wgsl).
 */
export function chosenBefore(scoredRow: number): number {
  return (0x80000000 | scoredRow) >>> 0
}

/** Whether such a word is a token that the host knows. */
export function isKnownToken(word: number): boolean {
  return word < 0x80000000
}

/**
 * What kernels that read tokens of rows are given of them: ids [rows] u32, each a token or `chosenBefore`. Without `chosen`
 * all must be known. Throws where shapes do not fit.
 */
export function rowTokens(kernel: string, ids: Tensor, chosen: ChosenTokens | null = null) {
  checkTensor(kernel, ids, ['u32'], [ids.shape[0] ?? 0])
  const tensor = chosen?.tensor ?? ids
  const rows = chosen ? (tensor.shape[0] ?? 0) : 0
  const words = chosen ? elementCount(tensor.shape.slice(1)) : 0
  checkTensor(kernel, tensor, ['u32'], tensor.shape)
  if (chosen && chosen.word >= words)
    throw new Error(`${kernel}: word ${chosen.word} of ${tensor.name}, expected one of its ${words}`)
  return {
    tensors: { ids, chosen: tensor },
    params: { chosen_rows: rows, chosen_words: words, chosen_at: chosen?.word ?? 0 },
  }
}
