import type { DrawnChart } from '../../core/figures/chart.ts'
import { appendElement, type SvgElement } from '../../core/figures/svg-element.ts'
import { button, h } from '../dom.ts'
import { saveBlob } from './files.ts'

/**
 * Creates a chart on which scores can be marked, and the means to save it. `select` is called with the scores that the reader
 * marked; null when the mark was ended.
 */
export function createFigure(
  name: string,
  drawChart: (size: { width: number; height: number }) => DrawnChart,
  select: (range: readonly [number, number] | null) => void = () => {},
) {
  const holder = h('div', { class: 'chart', onpointerdown: onDown })
  const save = saveButtons(name, name, () => holder.querySelector('svg'))
  const element = h('figure', {}, holder, h('div', { class: 'save' }, save))
  let drawn: DrawnChart | null = null
  let mark: SvgElement | null = null

  function showMark(ends: readonly [number, number] | null): void {
    if (!drawn) return
    if (!ends) {
      ;(mark as unknown as Element | null)?.remove()
      mark = null
      return
    }
    const { area, height } = drawn.chart
    mark ??= appendElement(area, 'rect', { class: 'selection', fill: '#1f5fbf', 'fill-opacity': 0.14, y: 0 })
    const width = Math.max(1.5, ends[1] - ends[0])
    for (const [key, value] of Object.entries({ x: ends[0], width, height }))
      mark.setAttribute(key, String(value))
  }

  function onDown(event: PointerEvent): void {
    const current = drawn
    const svg = holder.querySelector('svg')
    if (!current?.selection || !svg || event.button !== 0) return
    const { left, width } = current.chart
    const { selection } = current
    const xOf = ({ clientX }: MouseEvent) =>
      Math.max(0, Math.min(width, clientX - svg.getBoundingClientRect().left - left))
    const start = xOf(event)
    const ends = (other: MouseEvent): [number, number] => {
      const end = xOf(other)
      return [Math.min(start, end), Math.max(start, end)]
    }
    holder.setPointerCapture(event.pointerId)
    event.preventDefault()
    const drag = new AbortController()
    const onEnd = (ended: PointerEvent) => {
      drag.abort()
      const [from, to] = ends(ended)
      // A click ends the mark.
      select(to - from < 3 ? null : selection.scores(from, to))
    }
    holder.addEventListener('pointermove', moved => showMark(ends(moved)), drag)
    holder.addEventListener('pointerup', onEnd, drag)
    holder.addEventListener('pointercancel', onEnd, drag)
  }

  return {
    element,
    /** Draws it in the width that it has, and marks the scores from `low` to `high`; null marks none. */
    draw(range: readonly [number, number] | null): void {
      const width = Math.floor(holder.clientWidth)
      if (width < 80) return
      drawn = drawChart({ width, height: Math.round(Math.min(210, Math.max(170, width * 0.62))) })
      mark = null
      holder.replaceChildren(drawn.chart.svg as unknown as Element)
      holder.classList.toggle('selectable', drawn.selection !== null)
      if (range && drawn.selection) showMark(drawn.selection.place(...range))
    },
  }
}

/** Calls `draw` whenever an element has got another width. Returns what ends that. */
export function watchWidth(element: HTMLElement, draw: () => void): () => void {
  let lastWidth = 0
  const sizeWatch = new ResizeObserver(() => {
    if (element.clientWidth === lastWidth) return
    lastWidth = element.clientWidth
    draw()
  })
  sizeWatch.observe(element)
  return () => sizeWatch.disconnect()
}

/** The buttons that save a figure, which is `label` in their names and `name` as a file. */
export function saveButtons(
  label: string,
  name: string,
  figure: () => SVGSVGElement | null,
): HTMLButtonElement[] {
  const ways = { SVG: saveSvg, PNG: savePng }
  return Object.entries(ways).map(([format, save]) => {
    const run = () => {
      const svg = figure()
      if (svg) void save(svg, name)
    }
    return button(format, run, { class: 'quiet', 'aria-label': `Save ${label} as ${format}` })
  })
}

/** Saves a figure as it is printed: light, whatever the page's theme. The element's own attributes say all of its look. */
function saveSvg(svg: SVGSVGElement, name: string): void {
  saveBlob(new Blob([printed(svg)], { type: 'image/svg+xml' }), `${name}.svg`)
}

/** Saves a figure as a picture of three times its size, on white. Rejects when the browser cannot draw it. */
async function savePng(svg: SVGSVGElement, name: string): Promise<void> {
  const url = URL.createObjectURL(new Blob([printed(svg)], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = 3 * svg.width.baseVal.value
    canvas.height = 3 * svg.height.baseVal.value
    const context = canvas.getContext('2d')!
    context.fillStyle = '#ffffff'
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.drawImage(image, 0, 0, canvas.width, canvas.height)
    const blob = await new Promise<Blob | null>(resolve => canvas.toBlob(resolve))
    if (!blob) throw new Error('the browser could not make a picture of the figure; save it as SVG')
    saveBlob(blob, `${name}.png`)
  } finally {
    URL.revokeObjectURL(url)
  }
}

/** The figure without what the page laid over it. */
function printed(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement
  for (const mark of copy.querySelectorAll('.selection')) mark.remove()
  return copy.outerHTML
}
