import { formatPercent } from '../../core/format-number.ts'
import { h } from '../dom.ts'

const longFrameMs = 33

/**
 * Counts the frames of the page, and shows in a corner how many took longer than 33 ms. Returns what begins the count anew, and
 * the next time ends and removes it.
 */
export function createFrameLog(): () => void {
  let element: HTMLElement | null = null
  return () => {
    if (element) {
      element.remove()
      element = null
      return
    }
    const output = (element = h('output', { class: 'frame-log', 'aria-live': 'off' }))
    document.body.append(output)
    let frames = 0
    let longFrames = 0
    let longestMs = 0
    let lastMs = performance.now()
    const count = (nowMs: number) => {
      if (!output.isConnected) return
      const frameMs = nowMs - lastMs
      lastMs = nowMs
      // The first frame began before the log.
      if (frames++ > 0 && frameMs > longFrameMs) longFrames++
      if (frames > 1) longestMs = Math.max(longestMs, frameMs)
      output.textContent =
        `${frames} frames, ${longFrames} over ${longFrameMs} ms ` +
        `(${formatPercent(longFrames / frames, 2)}), longest ${longestMs.toFixed(0)} ms`
      requestAnimationFrame(count)
    }
    requestAnimationFrame(count)
  }
}
