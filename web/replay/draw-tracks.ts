import type { Stretch } from './playback.ts'

/** One lane of bars, each as long as its token's doubt. */
export interface Lane {
  doubts: ArrayLike<number>
  /** The doubt that fills the lane. */
  largest: number
  /** Bars hang from the top, where certainty is at the top of the scale. */
  hangs: boolean
  /** A line over the bars, in doubts. */
  line: ArrayLike<number> | null
  /** Tokens marked above their bars. */
  marks: readonly number[]
}

/** What a lane is drawn on: a canvas, or what stands for one. */
export interface LaneContext
  extends Pick<
    CanvasRenderingContext2D,
    'fillStyle' | 'strokeStyle' | 'lineWidth' | 'clearRect' | 'fillRect' | 'beginPath' | 'moveTo' | 'lineTo'
  > {
  fill(): void
  stroke(): void
}

/** Colours of a drawing. */
export interface TrackColours {
  bar: string
  line: string
  mark: string
  rule: string
}

/** The largest doubt of each of `columns` equal parts of a range; 0 where a part holds no token's beginning. */
export function columnMaxima(
  doubts: ArrayLike<number>,
  { start, end }: Stretch,
  columns: number,
): Float64Array {
  const maxima = new Float64Array(columns)
  const first = Math.max(0, Math.floor(start))
  const last = Math.min(doubts.length, Math.ceil(end))
  for (let index = first; index < last; index++) {
    const column = Math.min(columns - 1, Math.max(0, Math.floor(((index - start) / (end - start)) * columns)))
    if (doubts[index]! > maxima[column]!) maxima[column] = doubts[index]!
  }
  return maxima
}

/**
 * Draws a lane over the whole context, `width` by `height` in CSS pixels. Where tokens are narrower than a pixel, a column
 * shows the largest doubt of its tokens, so that no spike is lost.
 */
export function drawLane(
  context: LaneContext,
  lane: Lane,
  range: Stretch,
  width: number,
  height: number,
  colours: TrackColours,
): void {
  context.clearRect(0, 0, width, height)
  context.fillStyle = colours.rule
  context.fillRect(0, lane.hangs ? 0 : height - 1, width, 1)
  const tokenWidth = width / (range.end - range.start)
  // Room for the marks.
  const tallest = height - (lane.marks.length > 0 ? 8 : 2)
  const barHeight = (doubt: number) => Math.min(1, doubt / lane.largest) * tallest
  context.fillStyle = colours.bar
  const bar = (x: number, barWidth: number, doubt: number) => {
    const length = barHeight(doubt)
    if (length > 0.2) context.fillRect(x, lane.hangs ? 0 : height - length, barWidth, length)
  }
  const first = Math.max(0, Math.floor(range.start))
  const last = Math.min(lane.doubts.length, Math.ceil(range.end))
  if (tokenWidth < 1) {
    for (const [column, doubt] of columnMaxima(lane.doubts, range, Math.ceil(width)).entries())
      bar(column, 1, doubt)
  } else {
    const gap = tokenWidth > 4 ? 1 : 0
    for (let index = first; index < last; index++)
      bar((index - range.start) * tokenWidth, tokenWidth - gap, lane.doubts[index]!)
  }
  if (lane.line) {
    context.strokeStyle = colours.line
    context.lineWidth = 1.25
    context.beginPath()
    const step = Math.max(1, Math.floor(1 / tokenWidth))
    for (let index = first; index < last; index += step)
      context.lineTo((index + 0.5 - range.start) * tokenWidth, height - barHeight(lane.line[index]!))
    context.stroke()
  }
  context.fillStyle = colours.mark
  for (const token of lane.marks) {
    const x = (token + 0.5 - range.start) * tokenWidth
    if (x < -4 || x > width + 4) continue
    context.beginPath()
    context.moveTo(x - 3, 0)
    context.lineTo(x + 3, 0)
    context.lineTo(x, 5)
    context.fill()
  }
}
