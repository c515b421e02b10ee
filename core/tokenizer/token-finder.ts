import type { AddedToken, TextPart } from './added-tokens.ts'
import { lookUpSteps, type TextAllowance } from './bounded-steps.ts'

/** A part of a text, in UTF-16 units. */
export interface TextRange {
  start: number
  end: number
}

/** Tokens of one length. */
interface LengthGroup {
  /** UTF-16 units. */
  length: number
  byContent: Map<string, AddedToken>
  /** Units that one of them begins with. */
  firsts: Set<string>
}

/**
 * Finds added tokens in a text as llama.cpp does: the longest in UTF-8 first, wherever it stands, then the next in what is
 * left; Hugging Face's tokenizers take the leftmost first. Of two as long the one of the lower id goes first, as it does
 * there where they are few. None is found that overlaps one of the `quoted` ranges. Throws InputError where the text would
 * have to be compared with tokens of too many lengths.
 */
export function createTokenFinder(
  tokens: readonly AddedToken[],
  allowance: TextAllowance,
): (text: string, quoted: readonly TextRange[]) => TextPart[] {
  const groupsByBytes = groupByLength(tokens)

  return (text, quoted) => {
    allowance.where = 'looking for the control and user defined tokens'
    const isTaken = new Uint8Array(text.length)
    for (const { start, end } of quoted) isTaken.fill(1, start, end)
    const take = ({ start, end }: TextRange) => {
      const isFree = !isTaken.subarray(start, end).includes(1)
      if (isFree) isTaken.fill(1, start, end)
      return isFree
    }
    const found = groupsByBytes.flatMap(groups =>
      groups
        .flatMap(group => findAll(text, group, isTaken, allowance))
        .sort((a, b) => a.token.id - b.token.id)
        .filter(take),
    )
    const parts: TextPart[] = []
    let last = 0
    for (const { token, start, end } of found.sort((a, b) => a.start - b.start)) {
      parts.push(text.slice(last, start), token.id)
      last = end
      if (token.rstrip) while (last < text.length && asciiSpaces.includes(text[last]!)) last++
    }
    return [...parts, text.slice(last)].filter(part => part !== '')
  }
}

/** Wherever a token of a length stands, overlapping others of that length or not, in what longer ones have left. */
function findAll(
  text: string,
  { length, byContent, firsts }: LengthGroup,
  isTaken: Uint8Array,
  allowance: TextAllowance,
): (TextRange & { token: AddedToken })[] {
  const found: (TextRange & { token: AddedToken })[] = []
  for (let start = 0; start + length <= text.length; start++) {
    const end = start + length
    if (!firsts.has(text[start]!) || isTaken[start] || isTaken[end - 1]) continue
    allowance.step(lookUpSteps(length))
    const token = byContent.get(text.slice(start, end))
    if (token) found.push({ token, start, end })
  }
  return found
}

const asciiSpaces = ' \t\n\v\f\r'

/** The tokens that have the most bytes in UTF-8 first. */
function groupByLength(tokens: readonly AddedToken[]): LengthGroup[][] {
  const utf8 = new TextEncoder()
  const groups = new Map<number, Map<number, LengthGroup>>()
  for (const token of tokens) {
    const { content } = token
    const bytes = utf8.encode(content).length
    const ofBytes = groups.get(bytes) ?? new Map<number, LengthGroup>()
    groups.set(bytes, ofBytes)
    const { length } = content
    const group = ofBytes.get(length) ?? { length, byContent: new Map(), firsts: new Set() }
    ofBytes.set(length, group)
    group.byContent.set(content, token)
    group.firsts.add(content[0]!)
  }
  return [...groups].sort(([a], [b]) => b - a).map(([, ofBytes]) => [...ofBytes.values()])
}
