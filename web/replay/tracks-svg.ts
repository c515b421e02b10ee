import { fontFamily, gridColor, ink, mutedInk } from '../../core/figures/figure-theme.ts'
import { appendElement, type SvgElement, svgNamespace } from '../../core/figures/svg-element.ts'
import { drawLane, type Lane, type LaneContext } from './draw-tracks.ts'
import type { Stretch } from './playback.ts'

/** A lane with what stands beside it. */
export interface NamedLane {
  name: string
  scale: string
  lane: Lane
}

const labelWidth = 130
const laneHeight = 44
const laneGap = 6
const footHeight = 18
const printed = { bar: mutedInk, line: '#1f5fbf', mark: '#b45309', rule: gridColor }

/** The lanes over a range of tokens as a figure for print: light, `width` CSS pixels wide, what is drawn being `drawLane`'s. */
export function tracksSvg(lanes: readonly NamedLane[], range: Stretch, width: number): SVGSVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg') as SVGSVGElement
  const height = lanes.length * (laneHeight + laneGap) + footHeight
  const size = {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    'font-family': fontFamily,
    'font-size': 11,
  }
  for (const [name, value] of Object.entries({ xmlns: svgNamespace, ...size }))
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
