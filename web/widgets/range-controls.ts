import { panRange, zoomRange } from '../data/token-range.ts'
import type { Stretch } from './transport.ts'

/** What is in sight over a plot, and how it is changed. */
export interface WheelTarget {
  range(): Stretch
  /** Number of tokens. */
  count: number
  /** Width of the plot, CSS pixels. */
  width(): number
  tokenAt(event: WheelEvent): number
  setRange(range: Stretch): void
}

/** The wheel zooms with Ctrl and pans with Shift or sideways; upright it scrolls the page as everywhere. */
export function listenToWheel(plot: HTMLElement, target: WheelTarget): void {
  plot.addEventListener(
    'wheel',
    event => {
      const { count } = target
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault()
        target.setRange(
          zoomRange(target.range(), Math.exp(-event.deltaY / 200), target.tokenAt(event), count),
        )
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault()
        const share = (event.deltaX || event.deltaY) / Math.max(1, target.width())
        target.setRange(panRange(target.range(), share, count))
      }
    },
    { passive: false },
  )
}
