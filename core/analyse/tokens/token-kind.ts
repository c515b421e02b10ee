/** Kinds of tokens, in the order in which they are shown. Punctuation holds every sign that is none of the others. */
export const tokenKinds = [
  'digit',
  'operator',
  'word',
  'latex',
  'punctuation',
  'whitespace',
  'special',
] as const

export type TokenKind = (typeof tokenKinds)[number]

/**
 * The kind of a token by its text; the first that applies:
 * special, a token shown by name such as `<|im_end|>`; whitespace, nothing else; latex, with a backslash or a brace, or
 * letters right behind a token that ends with a backslash; word, with a letter; digit, with a digit; operator, with one
 * of + - * / = < > ^ % and their mathematical forms; punctuation, all else. Null, where there is no text, is punctuation.
 */
export function classifyToken(text: string | null, previous: string | null = null): TokenKind {
  if (text === null) return 'punctuation'
  if (/^<[|｜][^<>]*[|｜]>$|^<\/?s>$/.test(text)) return 'special'
  if (/^\s+$/.test(text)) return 'whitespace'
  if (/[\\{}]/.test(text)) return 'latex'
  if (/\p{L}/u.test(text)) return previous?.endsWith('\\') && /^\p{L}/u.test(text) ? 'latex' : 'word'
  if (/\p{Nd}/u.test(text)) return 'digit'
  if (/[-+*/=<>^%−×÷·±√∑∏≤≥≠≈→∙]/.test(text)) return 'operator'
  return 'punctuation'
}
