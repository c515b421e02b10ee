import { lookUpSteps, type TextAllowance } from './bounded-steps.ts'
import { mergePairs, type PairRank } from './pair-merging.ts'
import { cutByPatterns, type PreTokenizer } from './pre-tokenizers.ts'

/** The character that stands for each byte in a byte-level vocabulary (GPT-2's): a printable one's own, else one from 256 on. */
const characterOfByte: readonly string[] = (() => {
  let unprintable = 0
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
    return String.fromCodePoint(isPrintable ? byte : 256 + unprintable++)
  })
})()
const byteOfCharacter = new Map(characterOfByte.map((character, byte) => [character, byte]))

const utf8 = new TextEncoder()

/** The bytes that a token of a byte-level vocabulary stands for; of a character that stands for none its own. */
export function bytesOfToken(token: string): number[] {
  return Array.from(token).flatMap(character => byteOfCharacter.get(character) ?? [...utf8.encode(character)])
}

/**
 * Makes ids of text without added tokens, as llama.cpp does with a vocabulary of `gpt2`: the text is cut, and the bytes of
 * each part joined by the merges; of what is no token then, the characters that are tokens are left. `idOf` gives a token's
 * id. What it looks up is counted against the allowance.
 */
export function createPairEncoder(
  merges: readonly string[],
  { patterns, ignoresMerges }: PreTokenizer,
  allowance: TextAllowance,
): (text: string, idOf: (token: string) => number | undefined) => number[] {
  const ranks = new Map<string, number>()
  let longest = 0
  for (const [rank, merge] of merges.entries()) {
    if (!ranks.has(merge)) ranks.set(merge, rank)
    longest = Math.max(longest, merge.length - 1)
  }
  const rankOf: PairRank = (left, right) => {
    const length = left.length + right.length
    if (length > longest) return undefined
    allowance.step(lookUpSteps(length))
    return ranks.get(`${left} ${right}`)
  }

  return (text, idOf) => {
    const known = new Map<string, number[]>()
    const encodePart = (part: string): number[] => {
      const characters = Array.from(utf8.encode(part), byte => characterOfByte[byte]!)
      const whole = ignoresMerges ? idOf(characters.join('')) : undefined
      if (whole !== undefined) return [whole]
      return mergePairs(characters, rankOf).flatMap(token => {
        const id = idOf(token)
        if (id !== undefined) return id
        return Array.from(token).flatMap(character => (character < '\u0080' ? (idOf(character) ?? []) : []))
      })
    }
    return cutByPatterns(text, patterns).flatMap(part => {
      const ids = known.get(part) ?? encodePart(part)
      known.set(part, ids)
      return ids
    })
  }
}
