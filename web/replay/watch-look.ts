import { paintClasses } from './paint-classes.ts'

/**
 * Keeps the colours of a replay those of the page, and calls `redraw` when colours or size changed: for what is drawn on a
 * canvas. Returns what ends that.
 */
export function watchLook(element: HTMLElement, redraw: () => void): () => void {
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
