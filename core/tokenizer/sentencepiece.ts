import { lookUpSteps, type TextAllowance } from './bounded-steps.ts'
import { mergePairs, type PairRank } from './pair-merging.ts'

/** What stands for a space in a SentencePiece vocabulary. */
export const spaceMark = '▁'

const byteToken = /^<0x([0-9A-Fa-f]{2})>$/
const utf8 = new TextEncoder()

/** The byte that a token of the kind `byte` stands for; null where its text is of another form. */
export function byteOf(token: string): number | null {
  const digits = byteToken.exec(token)?.[1]
  return digits === undefined ? null : Number.parseInt(digits, 16)
}

/**
 * Makes ids of text without added tokens, as llama.cpp does with a vocabulary of `llama`: two neighbours are joined where that
 * makes a token, first to the one of the highest score. A character that is no token comes as its bytes in UTF-8; where those
 * are none either, as the unknown token. `idOf` gives the id of a text that tokens may be joined to, `byteIdOf` that of a byte.
 * What it looks up is counted against the allowance.
 */
export function createPieceEncoder(
  scores: ArrayLike<number>,
  longest: number,
  byteIdOf: (byte: number) => number | undefined,
  unknownId: number | null,
  allowance: TextAllowance,
): (text: string, idOf: (token: string) => number | undefined) => number[] {
  return (text, idOf) => {
    const rankOf: PairRank = (left, right) => {
      const length = left.length + right.length
      if (length > longest) return undefined
      allowance.step(lookUpSteps(length))
      const id = idOf(left + right)
      return id === undefined ? undefined : -scores[id]!
    }
    const characters = Array.from(text.replaceAll(' ', spaceMark))
    return mergePairs(characters, rankOf).flatMap(token => {
      const id = idOf(token)
      if (id !== undefined) return id
      return Array.from(utf8.encode(token)).flatMap(byte => byteIdOf(byte) ?? unknownId ?? [])
    })
  }
}
