import { formatNumber } from '../../core/format-number.ts'
import type { TokenColumns } from '../../core/record/token.ts'
import { doubts, type Measure, threeDigits, trackMeasures, valueOfDoubt, withUnit } from '../data/measures.ts'
import { panRange, type TokenRange, wholeRange } from '../data/token-range.ts'
import { h } from '../dom.ts'
import { saveButtons } from '../widgets/figure.ts'
import { listenToWheel, type PlotEvents } from '../widgets/range-controls.ts'
import { drawLane, type Lane, type TrackColours, tracksSvg } from './draw-tracks.ts'

/** What the tracks tell the replay. */
interface TrackEvents extends PlotEvents {
  /** Tokens were dragged over. */
  select(selection: TokenRange): void
}

const laneHeight = 44
const minimapHeight = 22
/** Width of the tracks as a figure, CSS pixels. */
const printWidth = 900
/** A pointer that moves less drags nothing, in CSS pixels. */
const leastDrag = 4

/**
 * Makes the tracks of a sample: lanes of all measures over the same tokens, a minimap, and a cursor. `spikes` are marked above
 * the entropies; `figureName` is what they are saved as.
 */
export function createTracks(
  tokens: TokenColumns,
  spikes: readonly number[],
  figureName: string,
  events: TrackEvents,
) {
  const count = tokens.tokenId.length
  const lanes = trackMeasures.map(measure => createLane(measure, tokens, spikes))
  const minimap: Lane = { ...lanes[0]!.lane, hangs: false, line: null, marks: [] }
  const mapCanvas = createCanvas('minimap-canvas', minimapHeight)
  const cursor = h('div', { class: 'track-cursor' })
  const selectionBox = h('div', { class: 'track-selection' })
  const plot = h('div', { class: 'track-plot' }, ...lanes.map(lane => lane.canvas), selectionBox, cursor)
  const mapCursor = h('div', { class: 'track-cursor' })
  const mapWindow = h('div', { class: 'minimap-window' })
  const map = h('div', { class: 'minimap' }, mapCanvas, mapWindow, mapCursor)
  const labels = lanes.map(({ name, scale, value }) => {
    const words = [h('span', { class: 'track-name' }, name), h('span', { class: 'track-scale' }, scale)]
    return h('div', { class: 'track-label' }, words, value)
  })
  const buttons = saveButtons('the tracks', figureName, () => tracksSvg(lanes, range, printWidth))
  const save = h('div', { class: 'track-save' }, buttons)
  const element = h('div', { class: 'tracks' }, h('div', { class: 'track-labels' }, labels), plot, save, map)
  let range = wholeRange(count)
  let current = -1
  let selection: TokenRange | null = null
  let width = 0

  const placeCursors = () => {
    const tokenWidth = width / (range.end - range.start)
    const x = (current + 0.5 - range.start) * tokenWidth
    cursor.style.transform = `translateX(${x}px)`
    cursor.hidden = current < 0 || x < 0 || x > width
    mapCursor.style.transform = `translateX(${((current + 0.5) / Math.max(1, count)) * width}px)`
  }
  const placeBoxes = () => {
    const { start, end } = range
    const tokenWidth = width / (end - start)
    selectionBox.hidden = !selection
    if (selection) {
      const left = Math.max(0, (selection.start - start) * tokenWidth)
      const right = Math.min(width, (selection.end - start) * tokenWidth)
      selectionBox.style.transform = `translateX(${left}px)`
      selectionBox.style.width = `${Math.max(0, right - left)}px`
    }
    mapWindow.style.transform = `translateX(${(start / Math.max(1, count)) * width}px)`
    mapWindow.style.width = `${((end - start) / Math.max(1, count)) * width}px`
    mapWindow.hidden = end - start >= count
  }
  const draw = () => {
    const colours = trackColours(element)
    for (const { canvas, lane } of lanes)
      drawLane(sizedContext(canvas, width, laneHeight), lane, range, width, laneHeight, colours)
    placeBoxes()
    placeCursors()
  }
  const redraw = () => {
    width = plot.clientWidth
    if (width === 0) return
    const context = sizedContext(mapCanvas, width, minimapHeight)
    drawLane(context, minimap, wholeRange(count), width, minimapHeight, trackColours(element))
    draw()
  }

  const tokenAt = (event: PointerEvent | WheelEvent, over: Element, { start, end }: TokenRange) => {
    const box = over.getBoundingClientRect()
    const token = Math.floor(start + ((event.clientX - box.left) / box.width) * (end - start))
    return Math.max(0, Math.min(count - 1, token))
  }
  listenToPlot(plot, event => tokenAt(event, plot, range), events)
  const inSight = { count, range: () => range, setRange: events.setRange }
  listenToWheel(
    plot,
    inSight,
    event => tokenAt(event, plot, range),
    () => width,
  )
  const moveWindow = (event: PointerEvent) => {
    const middle = tokenAt(event, map, { start: 0, end: count })
    const length = range.end - range.start
    if (length >= count) events.pick(middle)
    else events.setRange(panRange(range, (middle - length / 2 - range.start) / length, count))
  }
  map.addEventListener('pointerdown', event => {
    map.setPointerCapture(event.pointerId)
    moveWindow(event)
  })
  map.addEventListener('pointermove', event => {
    if (map.hasPointerCapture(event.pointerId)) moveWindow(event)
  })

  return {
    element,
    /** After a change of size or of colours. */
    redraw,
    setCurrent(token: number): void {
      current = token
      placeCursors()
    },
    /** The values of a token, beside the lanes. */
    showValues(token: number): void {
      for (const { column, value } of lanes) {
        const number = column[token]
        value.textContent = number === undefined ? '' : threeDigits(number)
      }
    },
    setRange(next: TokenRange): void {
      range = next
      if (width > 0) draw()
    },
    setSelection(next: TokenRange | null): void {
      selection = next
      placeBoxes()
    },
  }
}

/** A click picks a token, a drag selects tokens, a pointer that passes hovers. */
function listenToPlot(
  plot: HTMLElement,
  tokenAt: (event: PointerEvent) => number,
  events: TrackEvents,
): void {
  let from: { x: number; token: number; isDrag: boolean } | null = null
  plot.addEventListener('pointerdown', event => {
    if (event.button !== 0) return
    plot.setPointerCapture(event.pointerId)
    from = { x: event.clientX, token: tokenAt(event), isDrag: false }
  })
  plot.addEventListener('pointermove', event => {
    const token = tokenAt(event)
    events.hover(token)
    if (!from) return
    if (Math.abs(event.clientX - from.x) >= leastDrag) from.isDrag = true
    if (from.isDrag)
      events.select({ start: Math.min(from.token, token), end: Math.max(from.token, token) + 1 })
  })
  plot.addEventListener('pointerup', event => {
    if (from && !from.isDrag) events.pick(tokenAt(event))
    from = null
  })
  plot.addEventListener('pointercancel', () => {
    from = null
  })
  plot.addEventListener('pointerleave', () => events.hover(null))
}

/** A lane on the page, with what stands beside it. */
function createLane(measure: Measure, tokens: TokenColumns, spikes: readonly number[]) {
  const laneDoubts = doubts(measure, tokens)
  const { fullDoubt, line } = measure.track ?? {}
  const largest = fullDoubt ?? (laneDoubts.reduce((most, doubt) => Math.max(most, doubt), 0) || 1)
  const ends = [measure.certain, valueOfDoubt(measure, largest)].map(formatNumber)
  return {
    name: measure.label,
    scale: withUnit(ends.join(' to '), measure.unit),
    lane: {
      doubts: laneDoubts,
      largest,
      hangs: measure.sign < 0,
      line: line?.(tokens) ?? null,
      marks: line ? spikes : [],
    },
    canvas: createCanvas('track-canvas', laneHeight),
    column: measure.values(tokens),
    /** The value of the current token. */
    value: h('output', { class: 'track-value' }),
  }
}

function createCanvas(className: string, height: number): HTMLCanvasElement {
  const canvas = h('canvas', { class: className })
  canvas.style.height = `${height}px`
  return canvas
}

/** The context of a canvas as large as its place, in CSS pixels. */
function sizedContext(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1
  const pixels = { width: Math.round(width * ratio), height: Math.round(height * ratio) }
  if (canvas.width !== pixels.width) canvas.width = pixels.width
  if (canvas.height !== pixels.height) canvas.height = pixels.height
  const context = canvas.getContext('2d')
  if (!context) throw new Error('this browser draws no 2d canvas')
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  return context
}

function trackColours(element: Element): TrackColours {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(`--track-${name}`).trim() || style.color
  return { bar: colour('bar'), line: colour('line'), mark: colour('mark'), rule: colour('rule') }
}
