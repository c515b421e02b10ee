import { createRequire } from 'node:module'
import { Resvg } from '@resvg/resvg-js'
import { DOMParser } from 'linkedom'
import type { Analysis } from '../../core/analyse/analysis.ts'
import { drawEntropyAnalysis } from '../../core/figures/entropy-analysis.ts'
import type { FigureData } from '../../core/figures/figure-data.ts'
import type { SvgDocument } from '../../core/figures/svg-element.ts'

/** The contents of `entropy_analysis.svg` and `entropy_analysis.png`. */
export interface RenderedFigure {
  svg: string
  png: Uint8Array
}

/** Pixels of the PNG per pixel of the drawing: sharp in print at half the size. */
const pngScale = 2

/** Draws a run's figure as SVG and PNG. The same data gives the same bytes, whatever fonts the machine has. */
export function renderFigure(data: FigureData, analysis: Analysis, title = ''): RenderedFigure {
  // linkedom's types speak of lib.dom's elements, which are not loaded here.
  const document = new DOMParser().parseFromString('<svg/>', 'image/svg+xml') as unknown as SvgDocument
  const svg = `${drawEntropyAnalysis(document, data, analysis, title).outerHTML}\n`
  return { svg, png: rasterise(svg, fontFiles()) }
}

/** The SVG as PNG, its text in the given fonts only. */
export function rasterise(svg: string, fonts: string[]): Uint8Array {
  const font = { fontFiles: fonts, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' }
  return new Resvg(svg, { fitTo: { mode: 'zoom', value: pngScale }, font }).render().asPng()
}

/** Files of the fonts that the figures name: the package ships them, so that no machine's own fonts matter. */
export function fontFiles(): string[] {
  const { resolve } = createRequire(import.meta.url)
  return ['DejaVuSans', 'DejaVuSans-Bold'].map(name => resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`))
}
