import { Resvg } from '@resvg/resvg-js'
import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import { figureSize } from '../../core/figures/entropy-analysis.ts'
import { collectFigureData } from '../../core/figures/figure-data.ts'
import type { SampleRecord } from '../../core/record/sample.ts'
import { analyseRun } from '../../core/report/record-study.ts'
import { columnsOf } from '../../core/study/columns.ts'
import { type AskedSamples, partWarning } from '../../core/study/coverage.ts'
import { oddRuns, simulateSamples } from '../../test/golden/statistics-samples.ts'
import { fontFiles, rasterise, renderFigure } from './write-report.ts'

const font = { fontFiles: fontFiles(), loadSystemFonts: false }

const widths = new Map<string, number>()

/** Width of a text in the font of the PNG, pixels. */
function measureWidth(text: string, size: string, weight: string): number {
  const key = [size, weight, text].join(' ')
  const known = widths.get(key)
  if (known !== undefined) return known
  const { document } = parseHTML(
    '<svg xmlns="http://www.w3.org/2000/svg" width="3000" height="100"><text/></svg>',
  )
  const element = document.querySelector('text')!
  element.textContent = text
  for (const [name, value] of Object.entries({ x: '10', y: '50', 'font-family': 'DejaVu Sans' })) {
    element.setAttribute(name, value)
  }
  element.setAttribute('font-size', size)
  element.setAttribute('font-weight', weight)
  const { width } = new Resvg(document.documentElement.outerHTML, { font }).getBBox()!
  widths.set(key, width)
  return width
}

function translation(element: { getAttribute(name: string): string | null } | null): [x: number, y: number] {
  const found = /translate\(([-\d.]+),([-\d.]+)\)/.exec(element?.getAttribute('transform') ?? '')
  return found ? [Number(found[1]), Number(found[2])] : [0, 0]
}

/** Where each text of a figure lies, pixels. */
function textBoxes(svg: string) {
  const root = parseHTML(`<html><body>${svg}</body></html>`).document
  return [...root.querySelectorAll('text')].map(element => {
    const attribute = (name: string, otherwise: string) => element.getAttribute(name) ?? otherwise
    const own = translation(element)
    const parent = translation(element.parentElement)
    const x = Number(attribute('x', '0')) + own[0] + parent[0]
    const y = Number(attribute('y', '0')) + own[1] + parent[1]
    const text = element.textContent!
    const size = attribute('font-size', '')
    const width = measureWidth(text, size, attribute('font-weight', 'normal'))
    const anchor = attribute('text-anchor', 'start')
    const before = anchor === 'start' ? 0 : anchor === 'middle' ? width / 2 : width
    const ascent = Number(size) * 0.76
    const descent = Number(size) * 0.24
    return attribute('transform', '').includes('rotate(-90)')
      ? { text, left: x - ascent, right: x + descent, top: y - width + before, bottom: y + before }
      : { text, left: x - before, right: x - before + width, top: y - ascent, bottom: y + descent }
  })
}

const realistic = simulateSamples(70, 34)
const partsOfRuns = [['W'.repeat(60)], ['gsm8k-test-0123', 'two words'], []].map((ids, place) => ({
  name: `a part of a run, ${place}`,
  samples: realistic,
  asked: {
    limit: 1000,
    samples: 3,
    shard: '2/8',
    problemIds: Array.from({ length: 1000 }, (_, at) => ids[at % ids.length] ?? String(at)),
  },
}))

test.each<{ name: string; samples: SampleRecord[]; asked?: AskedSamples }>([
  { name: 'a realistic run', samples: realistic },
  ...partsOfRuns,
  ...oddRuns,
])('cuts off no text, and lets no two overlap: $name', ({ samples, asked }) => {
  const title = 'Qwen/Qwen2.5-7B-Instruct on AI-MO/aimo-validation-math-level-4, train split'
  const analysis = analyseRun(columnsOf(samples), asked ? { asked } : {})
  const { svg } = renderFigure(collectFigureData(samples), analysis, title)
  const boxes = textBoxes(svg)
  const height = Number(/height="(\d+)"/.exec(svg)?.[1])
  expect(height > figureSize.height).toBe(asked !== undefined)
  if (asked) expect(boxes.map(({ text }) => text).join(' ')).toContain(partWarning(analysis.coverage))
  expect(boxes.length).toBeGreaterThan(8)
  for (const box of boxes) {
    expect(box.left, box.text).toBeGreaterThanOrEqual(4)
    expect(box.right, box.text).toBeLessThanOrEqual(figureSize.width - 4)
    expect(box.top, box.text).toBeGreaterThanOrEqual(4)
    expect(box.bottom, box.text).toBeLessThanOrEqual(height - 4)
  }
  const overlaps = boxes.flatMap((first, index) =>
    boxes
      .slice(index + 1)
      .filter(
        second =>
          first.left < second.right &&
          second.left < first.right &&
          first.top < second.bottom &&
          second.top < first.bottom,
      )
      .map(second => `"${first.text}" and "${second.text}"`),
  )
  expect(overlaps).toEqual([])
})

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
