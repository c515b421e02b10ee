/** Tokens of a sample, from first to last, both included. */
export interface TokenSpan {
  first: number
  last: number
}

/**
 * The tokens that carry the extracted answer: those that its last occurrence in the texts of the tokens, strung together,
 * touches. A number is not found inside a longer one. Null without an answer, without texts, or where it does not occur
 * as it stands (a character whose bytes are split among tokens, for instance).
 */
export function answerSpan(
  tokenTexts: ArrayLike<string | null>,
  extractedAnswer: string | null,
): TokenSpan | null {
  if (extractedAnswer === null || extractedAnswer === '') return null
  let text = ''
  for (let index = 0; index < tokenTexts.length; index++) text += tokenTexts[index] ?? ''
  let start = text.lastIndexOf(extractedAnswer)
  while (start > 0 && isInsideNumber(text, start, extractedAnswer.length)) {
    start = text.lastIndexOf(extractedAnswer, start - 1)
  }
  if (start === -1 || isInsideNumber(text, start, extractedAnswer.length)) return null
  const last = tokenAt(tokenTexts, start + extractedAnswer.length - 1)
  return { first: tokenAt(tokenTexts, start)!, last: last! }
}

/** Index of the token that holds the character at `offset` of the texts strung together; null behind the end. */
export function tokenAt(tokenTexts: ArrayLike<string | null>, offset: number): number | null {
  let end = 0
  for (let index = 0; index < tokenTexts.length; index++) {
    end += tokenTexts[index]?.length ?? 0
    if (offset < end) return index
  }
  return null
}

function isInsideNumber(text: string, start: number, length: number): boolean {
  const end = start + length
  return (
    (isDigit(text, start) &&
      (isDigit(text, start - 1) || (/[.,]/.test(text[start - 1] ?? '') && isDigit(text, start - 2)))) ||
    (isDigit(text, end - 1) &&
      (isDigit(text, end) || (/[.,]/.test(text[end] ?? '') && isDigit(text, end + 1))))
  )
}

function isDigit(text: string, index: number): boolean {
  const character = text.charCodeAt(index)
  return character >= 48 && character <= 57
}
