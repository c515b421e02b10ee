import { area, line } from 'd3'
import {
  appendReason,
  appendRemark,
  type Chart,
  type ChartSize,
  type DrawnChart,
  drawChart,
  drawWithAxes,
  linearTicks,
} from './chart.ts'
import { entropyLabel, entropyScale, scaleTicks } from './entropy-scale.ts'
import { type FigureData, positionCount, quartilesOf } from './figure-data.ts'
import { type AnswerClass, appendClassMarker, classStyles } from './figure-theme.ts'
import { appendElement, type SvgDocument } from './svg-element.ts'

/** The token entropies of answers along their length. */
export interface PositionData {
  /** Mean entropy of each of `positionCount` parts of every answer, nats: [answer][part]; NaN without tokens. */
  entropies: Float32Array
  /** 1 or 0, of every answer. */
  correct: Uint8Array
}

/** Quartiles of fewer answers than `leastOfABand` are hardly more than the answers. Every `markerStep`th part has a marker. */
const looks = {
  chart: {
    leastOfABand: 1,
    band: (answerClass: AnswerClass) => ({ fill: classStyles[answerClass].color, 'fill-opacity': 0.13 }),
    digits: 1,
    median: 1.6,
    markerStep: 4,
    marker: { radius: 2.6, opacity: 1 },
    axis: 'position in the answer (%)',
  },
  panel: {
    leastOfABand: 4,
    band: (answerClass: AnswerClass) => {
      const { color, fill, fillOpacity } = classStyles[answerClass]
      // Bands cover each other where histograms rarely do.
      return { fill, 'fill-opacity': fillOpacity * 0.7, stroke: color, 'stroke-opacity': 0.5 }
    },
    digits: 2,
    median: 2.2,
    markerStep: 1,
    marker: { radius: 3.6, opacity: 1 },
    axis: 'position in the answer (% of its tokens)',
  },
} as const

type Profile = ReturnType<typeof profileOf>
type Position = Profile['positions'][number]

/** Draws entropy along the answers, from the first token to the last: for each class the median answer and the middle half. */
export function drawPositionChart(document: SvgDocument, data: PositionData, size: ChartSize): DrawnChart {
  const description = 'Median and middle half of token entropy from the first token to the last, by class'
  const profiles = [profileOf('correct', partsOf(data, 1)), profileOf('incorrect', partsOf(data, 0))]
  const present = profiles.filter(({ count }) => count > 0)
  const missing = present.length === 0 ? ['No tokens', 'were recorded'] : null
  return drawChart(document, size, 'Along the answer', description, missing, chart => {
    const scale = drawProfiles(chart, present)
    appendRemark(chart, `nats${scale === 'log' ? ', log' : ''}; median, half`)
    return null
  })
}

/** The same in the panel of a run's figure. */
export function drawTokenPositionPanel(panel: Chart, data: FigureData): void {
  const profiles = data.groups
    .map(({ answerClass, entropiesAtPosition }) => profileOf(answerClass, entropiesAtPosition))
    .filter(({ count }) => count > 0)
  if (profiles.length === 0) {
    appendReason(panel, ['No tokens were recorded.'])
    return
  }
  drawProfiles(panel, profiles)
  const bandless = profiles.filter(({ count }) => count < looks.panel.leastOfABand)
  if (bandless.length === 0) appendRemark(panel, 'lines: medians, bands: middle half of the answers')
  else if (bandless.length < profiles.length)
    appendRemark(panel, `lines: medians, bands: middle half (${bandless[0]!.answerClass}: too few)`)
  else appendRemark(panel, 'lines: medians; too few answers for bands')
}

/** Draws the bands and over them the medians; returns whether the axis of entropy is logarithmic. */
function drawProfiles(chart: Chart, profiles: readonly Profile[]): 'linear' | 'log' {
  const { kind, area: parent, width, height } = chart
  const look = looks[kind]
  const banded = profiles.filter(({ count }) => count >= look.leastOfABand)
  const values = profiles.flatMap(profile =>
    profile.positions.flatMap(({ lower, middle, upper }) =>
      banded.includes(profile) ? [lower, middle, upper] : [middle],
    ),
  )
  const y = entropyScale(values, [height, 0])
  const x = linearTicks([0, 100], [0, width], String)
  const at = ({ part }: Position) => x.position(((part + 0.5) / positionCount) * 100)
  const left = { ticks: scaleTicks(y), label: entropyLabel('token entropy', y) }
  drawWithAxes(chart, { ticks: x.ticks, label: look.axis }, left, () => {
    for (const { answerClass, positions } of banded) {
      const band = area<Position>(
        at,
        ({ lower }) => y.position(lower),
        ({ upper }) => y.position(upper),
      ).digits(look.digits)
      appendElement(parent, 'path', { d: band(positions)!, ...look.band(answerClass) })
    }
    for (const { answerClass, positions } of profiles) {
      const { color, dash } = classStyles[answerClass]
      const median = line<Position>(at, ({ middle }) => y.position(middle)).digits(look.digits)
      const stroke = { stroke: color, 'stroke-width': look.median, 'stroke-dasharray': dash }
      appendElement(parent, 'path', { d: median(positions)!, fill: 'none', ...stroke })
      for (const position of positions)
        if (position.part % look.markerStep === 0)
          appendClassMarker(parent, answerClass, at(position), y.position(position.middle), look.marker)
    }
  })
  return y.kind
}

/** The quartiles of a class in each part: `parts` holds the entropies of its answers there, nats. */
function profileOf(answerClass: AnswerClass, parts: readonly (readonly number[])[]) {
  /** How many answers have tokens. */
  const count = parts[0]!.length
  const positions = parts.map((entropies, part) => {
    const [lower, middle, upper] = quartilesOf(entropies.toSorted((first, second) => first - second))
    return { part, lower, middle, upper }
  })
  return { answerClass, count, positions }
}

function partsOf({ entropies, correct }: PositionData, wanted: 0 | 1): number[][] {
  const rows: number[] = []
  for (const [row, value] of correct.entries())
    if (value === wanted && !Number.isNaN(entropies[row * positionCount]!)) rows.push(row)
  return Array.from({ length: positionCount }, (_, part) =>
    rows.map(row => entropies[row * positionCount + part]!),
  )
}
