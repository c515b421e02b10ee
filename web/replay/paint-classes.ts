import { classColours, parseRgb } from './colour-classes.ts'

/** Gives an element the colours of doubt that suit the page as it is now. */
export function paintClasses(element: HTMLElement): void {
  const page = parseRgb(getComputedStyle(document.body).backgroundColor)
  for (const [index, { background, ink }] of classColours(page).entries()) {
    element.style.setProperty(`--doubt-${index + 1}`, background)
    element.style.setProperty(`--doubt-ink-${index + 1}`, ink)
  }
}
