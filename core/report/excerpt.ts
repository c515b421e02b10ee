/** The beginning of a text, with a mark where it was cut. */
export function excerpt(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).trimEnd()} …`
}

/** A token's text on one line, with its white space shown. */
export function visible(text: string): string {
  return excerpt(text.replaceAll('\n', '↵').replaceAll('\t', '⇥').replaceAll(' ', '␣'), 24)
}
