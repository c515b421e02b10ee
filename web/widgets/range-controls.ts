import { panRange, type TokenRange, wholeRange, zoomRange } from '../data/token-range.ts'
import type { TokenEvents } from '../text/token-elements.ts'
import type { Shortcut } from './keyboard.ts'

/** What a plot tells its screen. */
export interface PlotEvents extends TokenEvents {
  setRange(range: TokenRange): void
}

/** The range of a plot, to be read and changed. */
interface RangeInSight {
  /** Number of tokens. */
  count: number
  range(): TokenRange
  setRange(range: TokenRange): void
}

const zoomFactor = 1.5
const panShare = 0.25

/** The keys that change what is in sight of a plot, those of Perfetto and rerun; `token` is where its cursor stands. */
export function rangeShortcuts(
  name: 'tracks' | 'plot',
  { count, range, setRange }: RangeInSight,
  token: () => number,
): Shortcut[] {
  const zoom = (factor: number) => () => setRange(zoomRange(range(), factor, token() + 0.5, count))
  const pan = (share: number) => () => setRange(panRange(range(), share, count))
  return [
    { keys: ['w'], name: `zoom the ${name} in`, run: zoom(zoomFactor) },
    { keys: ['s'], name: `zoom the ${name} out`, run: zoom(1 / zoomFactor) },
    { keys: ['a'], name: `pan the ${name} left`, run: pan(-panShare) },
    { keys: ['d'], name: `pan the ${name} right`, run: pan(panShare) },
    { keys: ['f'], name: `fit the ${name}`, run: () => setRange(wholeRange(count)) },
  ]
}

/**
 * The wheel over a plot zooms with Ctrl, about the token that `tokenAt` finds, and pans with Shift or sideways; upright it
 * scrolls the page as everywhere. `width` is that of the plot, CSS pixels.
 */
export function listenToWheel(
  element: HTMLElement,
  { count, range, setRange }: RangeInSight,
  tokenAt: (event: WheelEvent) => number,
  width: () => number,
): void {
  element.addEventListener(
    'wheel',
    event => {
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault()
        setRange(zoomRange(range(), Math.exp(-event.deltaY / 200), tokenAt(event), count))
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault()
        const share = (event.deltaX || event.deltaY) / Math.max(1, width())
        setRange(panRange(range(), share, count))
      }
    },
    { passive: false },
  )
}
