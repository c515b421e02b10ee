import { interpolateCividis } from 'd3'

/** Steps of doubt that are told apart by colour; class 0 is certain and has none. */
export const colourClasses = 8

type Rgb = readonly [number, number, number]
const black: Rgb = [0, 0, 0]
const white: Rgb = [255, 255, 255]

/** The class of a doubt: 0 up to the first threshold, then equal steps, the last from the second threshold on. */
export function colourClass(doubt: number, [low, high]: readonly [number, number]): number {
  if (!(doubt > low)) return 0
  const share = high > low ? (doubt - low) / (high - low) : 1
  return Math.min(colourClasses - 1, 1 + Math.floor(share * (colourClasses - 1)))
}

/**
 * Colours of classes 1 to 7 on a page: cividis, which keeps its order for every kind of colour vision, running away from
 * the page's own lightness and, for the first classes, mixed with it, so that more doubt stands out more. The ink is the
 * one of black and white with the higher contrast, never below 4.5 to 1.
 */
export function classColours(page: Rgb): { background: string; ink: string }[] {
  const isLight = luminance(page) > 0.5
  return Array.from({ length: colourClasses - 1 }, (_, index) => {
    const share = index / (colourClasses - 2)
    const pure = parseRgb(interpolateCividis(isLight ? 1 - share : share))
    const strength = 0.45 + 0.55 * Math.min(1, 2 * share)
    const mixed = pure.map((value, channel) => Math.round(value * strength + page[channel]! * (1 - strength)))
    const background = mixed as unknown as Rgb
    const ink = contrast(background, black) >= contrast(background, white) ? black : white
    return { background: `rgb(${background.join(' ')})`, ink: `rgb(${ink.join(' ')})` }
  })
}

/** Three channels, 0 to 255, of `rgb(r, g, b)` in any spelling. */
export function parseRgb(colour: string): Rgb {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number)
  return [red, green, blue]
}

/** WCAG 2.2's contrast ratio, 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number]
  return (lighter + 0.05) / (darker + 0.05)
}

/** WCAG 2.2's relative luminance of sRGB. */
function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map(value => {
    const channel = value / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Gives an element the colours of doubt that suit the page as it is now. */
export function paintClasses(element: HTMLElement): void {
  const page = parseRgb(getComputedStyle(document.body).backgroundColor)
  for (const [index, { background, ink }] of classColours(page).entries()) {
    element.style.setProperty(`--doubt-${index + 1}`, background)
    element.style.setProperty(`--doubt-ink-${index + 1}`, ink)
  }
}

/**
 * Keeps the colours of doubt of an element those of the page, and calls `redraw` when colours or size changed: for what is
 * drawn on a canvas. Returns what ends that.
 */
export function watchLook(element: HTMLElement, redraw: () => void = () => {}): () => void {
  paintClasses(element)
  const themeWatch = new MutationObserver(() => {
    paintClasses(element)
    redraw()
  })
  themeWatch.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  const sizeWatch = new ResizeObserver(redraw)
  sizeWatch.observe(element)
  return () => {
    themeWatch.disconnect()
    sizeWatch.disconnect()
  }
}
