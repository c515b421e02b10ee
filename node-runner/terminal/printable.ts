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

/** Steps of cividis, which the colour-blind read as well: entropy in nats up to which each holds, and its colour. */
const steps = [
  { upTo: 0.01, rgb: [140, 150, 170] },
  { upTo: 0.1, rgb: [124, 140, 190] },
  { upTo: 0.5, rgb: [165, 155, 115] },
  { upTo: 1, rgb: [213, 190, 79] },
  { upTo: Number.POSITIVE_INFINITY, rgb: [255, 233, 69] },
] as const

/** The text in a colour that says how unsure the model was: grey where it was sure, bright yellow above 1 nat. */
export function colourByEntropy(text: string, entropyNats: number): string {
  const { rgb } = steps.find(({ upTo }) => entropyNats <= upTo) ?? steps[4]
  return `\u001b[38;2;${rgb.join(';')}m${printable(text)}\u001b[0m`
}
