import type { DrawnChart } from '../../core/figures/chart.ts'
import { appendElement, type SvgElement } from '../../core/figures/svg-element.ts'
import { h } from '../dom.ts'
import { saveBlob } from './files.ts'

/** A figure of the overview: a chart that a stretch can be marked on, and the means to save it. */
export interface Figure {
  element: HTMLElement
  /** Draws it in the width that it has, and marks the scores from `low` to `high`; null marks none. */
  draw(range: readonly [number, number] | null): void
}

/** Creates a figure. `select` is called with the scores that the reader marked; null when the mark was ended. */
export function createFigure(
  name: string,
  drawChart: (size: { width: number; height: number }) => DrawnChart,
  select: (range: readonly [number, number] | null) => void,
): Figure {
  const holder = h('div', { class: 'chart', onpointerdown: onDown })
  const save = (how: (svg: SVGSVGElement, name: string) => unknown) => () => {
    const svg = holder.querySelector('svg')
    if (svg) void how(svg, name)
  }
  const element = h(
    'figure',
    {},
    holder,
    h(
      'div',
      { class: 'save' },
      h('button', { class: 'quiet', 'aria-label': `Save ${name} as SVG`, onclick: save(saveSvg) }, 'SVG'),
      h('button', { class: 'quiet', 'aria-label': `Save ${name} as PNG`, onclick: save(savePng) }, 'PNG'),
    ),
  )
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
    const placeOf = ({ clientX }: MouseEvent) => {
      const place = clientX - svg.getBoundingClientRect().left - left
      return Math.max(0, Math.min(width, place))
    }
    const start = placeOf(event)
    const ends = (other: MouseEvent): [number, number] => {
      const end = placeOf(other)
      return [Math.min(start, end), Math.max(start, end)]
    }
    holder.setPointerCapture(event.pointerId)
    event.preventDefault()
    const onMove = (moved: PointerEvent) => showMark(ends(moved))
    const onEnd = (ended: PointerEvent) => {
      holder.removeEventListener('pointermove', onMove)
      holder.removeEventListener('pointerup', onEnd)
      holder.removeEventListener('pointercancel', onEnd)
      const [from, to] = ends(ended)
      // A click ends the mark.
      select(to - from < 3 ? null : selection.scores(from, to))
    }
    holder.addEventListener('pointermove', onMove)
    holder.addEventListener('pointerup', onEnd)
    holder.addEventListener('pointercancel', onEnd)
  }

  return {
    element,
    draw(range) {
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

/** Saves a figure as it is printed: light, whatever the page's theme. The element's own attributes say all of its look. */
export function saveSvg(svg: SVGSVGElement, name: string): void {
  saveBlob(new Blob([printed(svg)], { type: 'image/svg+xml' }), `${name}.svg`)
}

/** Saves a figure as a picture of three times its size, on white. Rejects when the browser cannot draw it. */
export async function savePng(svg: SVGSVGElement, name: string): Promise<void> {
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
