import { printable } from './printable.ts'

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
