import { formatNumber } from '../../core/figures/format-number.ts'
import type { TokenColumns } from '../../core/formats/run-columns.ts'
import { doubts, type Measure, runningMeans, trackMeasures, valueOfDoubt } from '../data/measures.ts'
import { panRange } from '../data/token-range.ts'
import { h } from '../dom.ts'
import { savePng, saveSvg } from '../widgets/figure.ts'
import { listenToWheel } from '../widgets/range-controls.ts'
import type { Stretch } from '../widgets/transport.ts'
import { drawLane, type Lane, type TrackColours, tracksSvg } from './draw-tracks.ts'

/** What the tracks tell the replay. */
export interface TrackEvents {
  hover(token: number | null): void
  pick(token: number): void
  /** A stretch was dragged; null while none is wanted. */
  select(stretch: Stretch | null): void
  setRange(range: Stretch): void
}

/** Lanes of all measures over the same tokens, a minimap, and a cursor. */
export interface Tracks {
  element: HTMLElement
  setCurrent(token: number): void
  /** The values of a token, beside the lanes. */
  showValues(token: number): void
  setRange(range: Stretch): void
  setStretch(stretch: Stretch | null): void
  /** After a change of size or of colours. */
  redraw(): void
}

interface TrackCanvas {
  canvas: HTMLCanvasElement
  lane: Lane
}

const laneHeight = 44
const minimapHeight = 22
/** Width of the tracks as a figure, CSS pixels. */
const printWidth = 900
/** A pointer that moves less drags nothing, in CSS pixels. */
const leastDrag = 4

/** Makes the tracks of a sample. `spikes` are marked above the entropies; `figureName` is what they are saved as. */
export function createTracks(
  tokens: TokenColumns,
  spikes: readonly number[],
  figureName: string,
  events: TrackEvents,
): Tracks {
  const count = tokens.tokenId.length
  const lanes = trackMeasures.map(measure => makeLane(measure, tokens, spikes))
  const minimap = makeCanvas({ ...lanes[0]!.lane, hangs: false, line: null, marks: [] }, minimapHeight)
  minimap.canvas.className = 'minimap-canvas'
  const cursor = h('div', { class: 'track-cursor' })
  const stretchBox = h('div', { class: 'track-stretch' })
  const plot = h('div', { class: 'track-plot' }, ...lanes.map(lane => lane.canvas), stretchBox, cursor)
  const mapCursor = h('div', { class: 'track-cursor' })
  const mapWindow = h('div', { class: 'minimap-window' })
  const map = h('div', { class: 'minimap' }, minimap.canvas, mapWindow, mapCursor)
  const values = lanes.map(() => h('output', { class: 'track-value' }))
  const labels = trackMeasures.map((measure, index) =>
    h(
      'div',
      { class: 'track-label' },
      h('span', { class: 'track-name' }, measure.label),
      h('span', { class: 'track-scale' }, scaleText(measure, lanes[index]!.lane.largest)),
      values[index]!,
    ),
  )
  const save = (how: typeof saveSvg | typeof savePng) => () => {
    const named = trackMeasures.map((measure, index) => {
      const { lane } = lanes[index]!
      return { name: measure.label, scale: scaleText(measure, lane.largest), lane }
    })
    void how(tracksSvg(named, range, printWidth), figureName)
  }
  const element = h(
    'div',
    { class: 'tracks' },
    h('div', { class: 'track-labels' }, ...labels),
    plot,
    h(
      'div',
      { class: 'track-save' },
      h('button', { class: 'quiet', 'aria-label': 'Save the tracks as SVG', onclick: save(saveSvg) }, 'SVG'),
      h('button', { class: 'quiet', 'aria-label': 'Save the tracks as PNG', onclick: save(savePng) }, 'PNG'),
    ),
    map,
  )
  let range: Stretch = { start: 0, end: Math.max(1, count) }
  let current = -1
  let stretch: Stretch | null = null
  let width = 0
  const columns = trackMeasures.map(measure => measure.values(tokens))

  const place = () => {
    const tokenWidth = width / (range.end - range.start)
    const x = (current + 0.5 - range.start) * tokenWidth
    cursor.style.transform = `translateX(${x}px)`
    cursor.hidden = current < 0 || x < 0 || x > width
    mapCursor.style.transform = `translateX(${((current + 0.5) / Math.max(1, count)) * width}px)`
  }
  const placeBoxes = () => {
    const tokenWidth = width / (range.end - range.start)
    stretchBox.hidden = !stretch
    if (stretch) {
      const left = Math.max(0, (stretch.start - range.start) * tokenWidth)
      const right = Math.min(width, (stretch.end - range.start) * tokenWidth)
      stretchBox.style.transform = `translateX(${left}px)`
      stretchBox.style.width = `${Math.max(0, right - left)}px`
    }
    mapWindow.style.transform = `translateX(${(range.start / Math.max(1, count)) * width}px)`
    mapWindow.style.width = `${((range.end - range.start) / Math.max(1, count)) * width}px`
    mapWindow.hidden = range.end - range.start >= count
  }
  const draw = () => {
    const colours = trackColours(element)
    for (const { canvas, lane } of lanes)
      drawLane(sizedContext(canvas, width, laneHeight), lane, range, width, laneHeight, colours)
    placeBoxes()
    place()
  }
  const redraw = () => {
    width = plot.clientWidth
    if (width === 0) return
    const all = { start: 0, end: Math.max(1, count) }
    const context = sizedContext(minimap.canvas, width, minimapHeight)
    drawLane(context, minimap.lane, all, width, minimapHeight, trackColours(element))
    draw()
  }

  const tokenAt = (event: PointerEvent | WheelEvent, over: Element, { start, end }: Stretch) => {
    const box = over.getBoundingClientRect()
    const token = Math.floor(start + ((event.clientX - box.left) / box.width) * (end - start))
    return Math.max(0, Math.min(count - 1, token))
  }
  listenToPlot(plot, event => tokenAt(event, plot, range), events)
  listenToWheel(plot, {
    count,
    range: () => range,
    width: () => width,
    tokenAt: event => tokenAt(event, plot, range),
    setRange: events.setRange,
  })
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
    redraw,
    setCurrent(token) {
      current = token
      place()
    },
    showValues(token) {
      for (const [index, value] of values.entries()) {
        const number = columns[index]![token]
        value.textContent = number === undefined ? '' : formatNumber(Number(number.toPrecision(3)))
      }
    },
    setRange(next) {
      range = next
      if (width > 0) draw()
    },
    setStretch(next) {
      stretch = next
      placeBoxes()
    },
  }
}

/** A click picks a token, a drag selects a stretch, a pointer that passes hovers. */
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

function makeLane(measure: Measure, tokens: TokenColumns, spikes: readonly number[]): TrackCanvas {
  const isEntropy = measure.name === 'entropy'
  const laneDoubts = doubts(measure, tokens)
  const largest = laneDoubts.reduce((most, doubt) => Math.max(most, doubt), 0)
  return makeCanvas(
    {
      doubts: laneDoubts,
      // A margin has a scale of its own; the others are as high as the sample goes.
      largest: measure.name === 'margin' ? 1 : largest || 1,
      hangs: measure.sign < 0,
      line: isEntropy ? runningMeans(tokens.entropyNats) : null,
      marks: isEntropy ? spikes : [],
    },
    laneHeight,
  )
}

function makeCanvas(lane: Lane, height: number): TrackCanvas {
  const canvas = h('canvas', { class: 'track-canvas' })
  canvas.style.height = `${height}px`
  return { canvas, lane }
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
  const colour = (name: string) => style.getPropertyValue(name).trim() || style.color
  return {
    bar: colour('--track-bar'),
    line: colour('--track-line'),
    mark: colour('--track-mark'),
    rule: colour('--track-rule'),
  }
}

/** From certain to the largest doubt: "0 to 2.08 nats". */
function scaleText(measure: Measure, largest: number): string {
  const ends = [measure.certain, valueOfDoubt(measure, largest)].map(formatNumber)
  return `${ends.join(' to ')}${measure.unit && ` ${measure.unit}`}`
}
