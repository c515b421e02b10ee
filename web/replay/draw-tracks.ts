import { fontFamily, gridColor, ink, mutedInk } from '../../core/figures/figure-theme.ts'
import { appendElement, type SvgElement, svgNamespace } from '../../core/figures/svg-element.ts'
import type { TokenRange } from '../data/token-range.ts'

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
interface LaneContext
  extends Pick<
    CanvasRenderingContext2D,
    'fillStyle' | 'strokeStyle' | 'lineWidth' | 'clearRect' | 'fillRect' | 'beginPath' | 'moveTo' | 'lineTo'
  > {
  fill(): void
  stroke(): void
}

/** Colours of a drawing. */
export type TrackColours = Record<'bar' | 'line' | 'mark' | 'rule', string>

/** The largest doubt of each of `columns` equal parts of a range; 0 where a part holds no token's beginning. */
export function columnMaxima(
  doubts: ArrayLike<number>,
  { start, end }: TokenRange,
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
  range: TokenRange,
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

const labelWidth = 130
const laneHeight = 44
const laneGap = 6
const footHeight = 18
const printed = { bar: mutedInk, line: '#1f5fbf', mark: '#b45309', rule: gridColor }

/** The lanes over a range of tokens as a figure for print: light, `width` CSS pixels wide, what is drawn being `drawLane`'s. */
export function tracksSvg(
  lanes: readonly { name: string; scale: string; lane: Lane }[],
  range: TokenRange,
  width: number,
): SVGSVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg') as SVGSVGElement
  const height = lanes.length * (laneHeight + laneGap) + footHeight
  const size = { xmlns: svgNamespace, width, height, viewBox: `0 0 ${width} ${height}` }
  for (const [name, value] of Object.entries({ ...size, 'font-family': fontFamily, 'font-size': 11 }))
    svg.setAttribute(name, String(value))
  const root = svg as unknown as SvgElement
  const plotWidth = width - labelWidth
  for (const [index, { name, scale, lane }] of lanes.entries()) {
    const y = index * (laneHeight + laneGap)
    appendElement(root, 'text', { x: 0, y: y + 14, fill: ink, 'font-weight': 'bold' }, name)
    appendElement(root, 'text', { x: 0, y: y + 29, fill: mutedInk }, scale)
    const group = appendElement(root, 'g', { transform: `translate(${labelWidth},${y})` })
    drawLane(svgContext(group), lane, range, plotWidth, laneHeight, printed)
  }
  const foot = { y: height - 5, fill: mutedInk }
  const [first, last] = [Math.floor(range.start) + 1, Math.ceil(range.end)]
  appendElement(root, 'text', { ...foot, x: labelWidth }, `token ${first}`)
  appendElement(root, 'text', { ...foot, x: width, 'text-anchor': 'end' }, `token ${last}`)
  return svg
}

/** What `drawLane` asks of a canvas, as paths of a group: bars of one colour are one path. */
function svgContext(group: SvgElement): LaneContext {
  let path = ''
  let bars: { fill: string; path: string; element: SvgElement } | null = null
  return {
    fillStyle: '',
    strokeStyle: '',
    lineWidth: 1,
    clearRect() {},
    fillRect(x, y, width, height) {
      const fill = String(this.fillStyle)
      if (bars?.fill !== fill) bars = { fill, path: '', element: appendElement(group, 'path', { fill }) }
      bars.path += `M${shown(x)} ${shown(y)}h${shown(width)}v${shown(height)}h${shown(-width)}z`
      bars.element.setAttribute('d', bars.path)
    },
    beginPath() {
      path = ''
    },
    moveTo(x, y) {
      path += `M${shown(x)} ${shown(y)}`
    },
    lineTo(x, y) {
      path += `${path === '' ? 'M' : 'L'}${shown(x)} ${shown(y)}`
    },
    stroke() {
      const stroke = { stroke: String(this.strokeStyle), 'stroke-width': this.lineWidth }
      appendElement(group, 'path', { d: path, fill: 'none', ...stroke })
    },
    fill() {
      appendElement(group, 'path', { d: path, fill: String(this.fillStyle) })
    },
  }
}

function shown(value: number): string {
  return String(Math.round(value * 100) / 100)
}
