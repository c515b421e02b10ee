import { DOMParser, parseHTML } from 'linkedom'
import { expect, test } from 'vitest'
import { failedSample, oddRuns, simulateSamples } from '../../test/golden/statistics-samples.ts'
import type { SampleRecord } from '../record/sample.ts'
import { analyseRun } from '../report/record-study.ts'
import { columnsOf } from '../study/columns.ts'
import { drawEntropyAnalysis } from './entropy-analysis.ts'
import { collectFigureData } from './figure-data.ts'
import { mostPoints } from './figure-theme.ts'
import type { SvgDocument } from './svg-element.ts'

const xmlDocument = () => new DOMParser().parseFromString('<svg/>', 'image/svg+xml') as unknown as SvgDocument
const draw = (samples: SampleRecord[], title?: string) =>
  drawEntropyAnalysis(xmlDocument(), collectFigureData(samples), analyseRun(columnsOf(samples)), title)
    .outerHTML

const realistic = simulateSamples(70, 34)

test.each([{ name: 'a realistic run', samples: realistic }, ...oddRuns])(
  'has only finite numbers: $name',
  ({ samples }) => {
    expect(draw(samples)).not.toMatch(/="[^"]*(NaN|Infinity|undefined|null)/)
  },
)

test('the same data gives the same bytes, other data others', () => {
  expect(draw(realistic)).toBe(draw(realistic))
  expect(draw(realistic)).not.toBe(draw(simulateSamples(70, 35)))
})

test('the header says n, accuracy and AUROC with their intervals', () => {
  const { accuracy, auroc } = analyseRun(columnsOf(realistic))
  const svg = draw(realistic, 'a <model> & a set')
  expect(svg).toContain('a &lt;model&gt; &amp; a set')
  expect(svg).toContain(
    `n = 104 · accuracy 67.3 % (95 % interval ${(accuracy.low! * 100).toFixed(1)} to ${(accuracy.high! * 100).toFixed(1)} %)`,
  )
  expect(svg).toContain(
    `errors ${auroc.value!.toFixed(3)} (95 % interval ${auroc.low!.toFixed(3)} to ${auroc.high!.toFixed(3)}, p = `,
  )
})

test('a long title is shortened', () => {
  expect(draw([], 'x'.repeat(300))).toContain(`>${'x'.repeat(109)}…<`)
})

test('every answer is a circle or a triangle in two panels, every class differs in more than colour', () => {
  const count = (svg: string, pattern: RegExp) => svg.match(pattern)?.length ?? 0
  const svg = draw(realistic)
  // Each answer in (b) and (c); the legend, the median in (a) and the 20 positions in (d).
  expect(count(svg, /<circle/g)).toBe(2 * 70 + 22)
  expect(count(svg, /<polygon/g)).toBe(2 * 34 + 22)
  expect(svg).toContain('stroke-dasharray="6 3"')
  expect(svg).toContain('fill="url(#entrace-incorrect-hatch)"')
  const large = draw(simulateSamples(2000, 1700))
  expect(count(large, /<circle/g)).toBe(2 * mostPoints + 22)
  expect(large).toContain(`Points: ${mostPoints.toLocaleString('en')} of each class at most.`)
})

test.each([
  ['no samples', [], ['No answers to draw.', 'No tokens were recorded.', 'accuracy undefined']],
  ['all failed', [failedSample, failedSample], ['all 2 samples failed or', 'no answers with entropy']],
  [
    'one class',
    simulateSamples(30, 0),
    ['no incorrect answers: accuracy is the same everywhere', 'one class only'],
  ],
  [
    'few',
    simulateSamples(2, 1),
    ['drawn one by one', 'no box with fewer than 5', 'too few answers for bands'],
  ],
  [
    'no spread',
    simulateSamples(6, 6).map(sample => ({ ...sample, meanEntropyNats: 0.1 })),
    ['All 12 answers have the same mean entropy,', '0.1 nats.'],
  ],
  ['some failed', [...realistic, failedSample], ['not drawn: 1 that failed or have no entropy']],
] as const)('says why there is nothing to draw: %s', (_, samples, remarks) => {
  const svg = draw([...samples])
  for (const remark of remarks) expect(svg).toContain(remark)
})

test('a document of a page gives the same elements as one of XML', () => {
  const elements = (svg: string) => svg.match(/<[a-zA-Z]+/g)
  const page = parseHTML('<html></html>').document as unknown as SvgDocument
  const svg = drawEntropyAnalysis(
    page,
    collectFigureData(realistic),
    analyseRun(columnsOf(realistic)),
  ).outerHTML
  expect(elements(svg)).toEqual(elements(draw(realistic)))
})
