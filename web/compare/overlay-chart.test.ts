import { parseHTML } from 'linkedom'
import { expect, it } from 'vitest'
import type { SvgDocument } from '../../core/figures/svg-element.ts'
import { measureNamed } from '../data/measures.ts'
import { drawOverlayChart, linePath } from './overlay-chart.ts'

const none = Number.NaN
const path = (doubts: number[], start = 0, end = doubts.length, width = 10 * (end - start)) =>
  linePath(Float64Array.from(doubts), { start, end }, width, doubt => 10 - doubt)

it('breaks the line where there is no token, and shows a single one as a dash', () => {
  expect(path([1, 2, none, 3, none, none, 4, 5])).toBe('M5 9L15 8M33.5 7h3M65 6L75 5')
  expect(path([none, none])).toBe('')
})

it('draws what is in sight, between pixels too', () => {
  expect(path([9, 1, 2, 9], 1, 3)).toBe('M5 9L15 8')
  expect(path([1, 2, 3], 0.5, 2.5)).toBe('M0 9L10 8L20 7')
})

it('keeps every spike where columns are narrower than a pixel', () => {
  const doubts = new Array<number>(1000).fill(0)
  doubts[333] = 7
  expect(path(doubts, 0, 1000, 10)).toContain('L3.5 3L')
})

it('says whose line is whose, and shades what is apart', () => {
  const { document } = parseHTML('<html></html>')
  const { svg } = drawOverlayChart(
    document as unknown as SvgDocument,
    {
      measure: measureNamed('logprob'),
      names: ['A sample 0.0', 'B <b>'],
      doubts: [Float64Array.of(0.5, 1), Float64Array.of(0.5, none)],
      segments: [
        { start: 0, end: 1, isAlike: true },
        { start: 1, end: 2, isAlike: false },
      ],
      range: { start: 0, end: 2 },
    },
    { width: 258, height: 164 },
  )
  const text = svg.outerHTML
  // Log-probabilities run down from 0: half of the way to the least one is half of the height.
  expect(text).toContain('d="M50 50L150 100"')
  expect(text).toContain('d="M48.5 50h3"')
  const [shade] = /<rect [^>]*>/.exec(text)!
  for (const attribute of ['x="100"', 'y="0"', 'width="100"', 'height="100"'])
    expect(shade).toContain(` ${attribute}`)
  expect(text).toContain('B &lt;b&gt;')
  expect(text).toContain('aria-label="Log-probability (nats). Log-probability of A sample 0.0, B ')
})
