/** Space that is left above and below what is brought into sight, CSS pixels. */
const margin = 24

/** Scrolls a pane so that one of its elements is seen, at once: what follows a replay scrolls too often for gliding. */
export function bringIntoSight(pane: HTMLElement, element: HTMLElement): void {
  const box = element.getBoundingClientRect()
  const frame = pane.getBoundingClientRect()
  if (box.top >= frame.top + margin && box.bottom <= frame.bottom - margin) return
  if (box.top < frame.top && box.bottom > frame.bottom) return
  // A quarter from the top, so that a replay scrolls seldom.
  pane.scrollTop += box.top - frame.top - frame.height / 4
}
