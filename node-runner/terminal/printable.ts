/**
 * What a terminal would obey instead of showing: control characters, with which a text colours, moves, overwrites, renames
 * windows and types; those that turn the order of others around; and halves of characters. Line ends and tabs stay.
 */
const obeyed = /(?![\n\t])[\p{Cc}\p{Surrogate}\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/gu

/**
 * A text that may come from anywhere, as a terminal may get it: what it would obey is written as JSON writes it, so that JSON
 * stays JSON of the same value.
 */
export function printable(text: string): string {
  return text.replaceAll(obeyed, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A text for a stream: as it is for a file or another program, printable on a terminal. */
export function printableOn({ isTTY }: { isTTY?: boolean }, text: string): string {
  return isTTY ? printable(text) : text
}

/** Has all that the console prints go through `printable`, whoever calls it. */
export function guardConsole(): void {
  const streams = { log: process.stdout, info: process.stdout, warn: process.stderr, error: process.stderr }
  for (const [method, stream] of Object.entries(streams))
    console[method as keyof typeof streams] = (...values: unknown[]) => {
      stream.write(`${printable(values.map(String).join(' '))}\n`)
    }
}
