import { describe, expect, test } from 'vitest'
import { analyseRun } from '../../core/analyse/analyse-run.ts'
import { columnsOf } from '../../core/analyse/columns-of.ts'
import { figureSize } from '../../core/figures/entropy-analysis.ts'
import { collectFigureData } from '../../core/figures/figure-data.ts'
import type { SampleRecord } from '../../core/formats/sample-record.ts'
import { oddRuns, simulateSamples } from '../../test/golden/statistics-samples.ts'
import { rasterise, renderFigure } from './render-figure.ts'

const render = (samples: SampleRecord[]) =>
  renderFigure(collectFigureData(samples), analyseRun(columnsOf(samples)), 'a model on a data set')

/** Width and height from the header chunk of a PNG; throws when the bytes are none. */
function pngSize(png: Uint8Array): { width: number; height: number } {
  expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const view = new DataView(png.buffer, png.byteOffset)
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

describe.each([{ name: 'a realistic run', samples: simulateSamples(70, 34) }, ...oddRuns])(
  '$name',
  ({ samples }) => {
    const { svg, png } = render(samples)

    test('the PNG has twice the size of the drawing', () => {
      expect(pngSize(png)).toEqual({ width: 2 * figureSize.width, height: 2 * figureSize.height })
    })

    test('the PNG shows the drawing and its text', () => {
      const blank = `<svg xmlns="http://www.w3.org/2000/svg" width="${figureSize.width}" height="${figureSize.height}"/>`
      const withoutText = rasterise(svg, [])
      expect(withoutText.length).toBeGreaterThan(rasterise(blank, []).length)
      // Text of some hundred characters takes tens of kilobytes.
      expect(png.length).toBeGreaterThan(withoutText.length + 20_000)
    })

    test('the SVG stands alone as a file', () => {
      expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
      expect(svg).toMatch(/<\/svg>\n$/)
    })
  },
)

test('the same samples give the same bytes', () => {
  expect(render(simulateSamples(20, 10))).toEqual(render(simulateSamples(20, 10)))
})
