import { area, line, quantile } from 'd3'
import { appendClassMarker } from './class-marker.ts'
import { entropyLabel, entropyTicks } from './entropy-axis.ts'
import { entropyScale } from './entropy-scale.ts'
import { type FigureData, positionCount } from './figure-data.ts'
import { classStyles } from './figure-theme.ts'
import { linearTicks } from './linear-ticks.ts'
import { appendBottomAxis, appendLeftAxis, appendMessage, appendNote, plot } from './panel.ts'
import { appendElement, type SvgElement } from './svg-element.ts'

/** Quartiles of fewer answers than this are hardly more than the answers. */
const leastOfABand = 4

/** Bands cover each other where histograms rarely do. */
const bandOpacity = 0.7

interface Position {
  index: number
  lower: number
  middle: number
  upper: number
}

/** Draws entropy along the answers, from the first token to the last: for each class the median answer and the middle half. */
export function drawTokenPositionPanel(panel: SvgElement, data: FigureData): void {
  const profiles = data.groups
    .map(({ answerClass, entropiesAtPosition }) => ({
      answerClass,
      count: entropiesAtPosition[0]!.length,
      positions: entropiesAtPosition.map(
        (entropies, index): Position => ({
          index,
          lower: quantile(entropies, 0.25)!,
          middle: quantile(entropies, 0.5)!,
          upper: quantile(entropies, 0.75)!,
        }),
      ),
    }))
    .filter(profile => profile.count > 0)
  if (profiles.length === 0) {
    appendMessage(panel, ['No tokens were recorded.'])
    return
  }
  const values = profiles.flatMap(({ count, positions }) =>
    positions.flatMap(({ lower, middle, upper }) =>
      count >= leastOfABand ? [lower, middle, upper] : [middle],
    ),
  )
  const y = entropyScale(values, [plot.height, 0])
  const x = linearTicks([0, 100], [0, plot.width], value => String(value))
  const at = (position: Position) => x.position(((position.index + 0.5) / positionCount) * 100)
  appendBottomAxis(panel, x.ticks, 'position in the answer (% of its tokens)')
  appendLeftAxis(panel, entropyTicks(y), entropyLabel('token entropy', y))
  for (const { answerClass, count, positions } of profiles) {
    if (count < leastOfABand) continue
    const style = classStyles[answerClass]
    const band = area<Position>(
      at,
      position => y.position(position.lower),
      position => y.position(position.upper),
    )
    const fill = { fill: style.fill, 'fill-opacity': style.fillOpacity * bandOpacity }
    appendElement(panel, 'path', {
      d: band.digits(2)(positions)!,
      ...fill,
      stroke: style.color,
      'stroke-opacity': 0.5,
    })
  }
  for (const { answerClass, positions } of profiles) {
    const style = classStyles[answerClass]
    const median = line<Position>(at, position => y.position(position.middle)).digits(2)
    const stroke = { stroke: style.color, 'stroke-width': 2.2, 'stroke-dasharray': style.dash }
    appendElement(panel, 'path', { d: median(positions)!, fill: 'none', ...stroke })
    for (const position of positions)
      appendClassMarker(panel, answerClass, at(position), y.position(position.middle), {
        radius: 3.6,
        opacity: 1,
      })
  }
  const bandless = profiles
    .filter(profile => profile.count < leastOfABand)
    .map(profile => profile.answerClass)
  if (bandless.length === 0) appendNote(panel, 'lines: medians, bands: middle half of the answers')
  else if (bandless.length < profiles.length)
    appendNote(panel, `lines: medians, bands: middle half (${bandless[0]}: too few)`)
  else appendNote(panel, 'lines: medians; too few answers for bands')
}
