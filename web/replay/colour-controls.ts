import { formatNumber } from '../../core/figures/format-number.ts'
import { type Measure, type MeasureName, measureNamed, measures, valueOfDoubt } from '../data/measures.ts'
import { h } from '../dom.ts'
import type { Settings } from '../state/settings.ts'
import { colourClasses } from '../widgets/colour-classes.ts'

/** What tokens are coloured by. */
export interface Colouring {
  measure: Measure
  /** Doubts at which colours begin and are full. */
  thresholds: readonly [number, number]
}

/** Choice of measure, and a scale of colours whose two ends can be moved. */
export interface ColourControls {
  element: HTMLElement
  /** The next measure of the list. */
  nextMeasure(): void
}

const steps = 200
const setting = 'colour-by'

/** Makes the controls; `change` is told of every new colouring, the first one at once. The measure is remembered. */
export function createColourControls(
  settings: Settings,
  change: (colouring: Colouring) => void,
): ColourControls {
  const select = h('select', { class: 'measure' })
  select.setAttribute('aria-label', 'Colour by')
  for (const { name, label } of measures) select.append(new Option(label, name))
  select.value = settings.read(setting, measures[0]!.name)
  if (select.selectedIndex < 0) select.selectedIndex = 0
  const swatches = h('span', { class: 'swatches' })
  for (let index = 1; index < colourClasses; index++) swatches.append(h('span', { class: `doubt-${index}` }))
  const low = slider('Colours begin at')
  const high = slider('Colours are full at')
  const lowValue = h('output', { class: 'threshold' })
  const highValue = h('output', { class: 'threshold' })
  const scale = h('span', { class: 'colour-scale' }, swatches, low, high)
  const element = h(
    'div',
    { class: 'colour-controls' },
    h('label', {}, h('span', { class: 'label-text' }, 'Colour by '), select),
    lowValue,
    scale,
    highValue,
  )
  // Of each measure, so that a change of measure and back keeps what was moved.
  const thresholds = new Map<MeasureName, readonly [number, number]>()

  const announce = () => {
    const measure = measureNamed(select.value as MeasureName)
    const ends = thresholds.get(measure.name) ?? measure.thresholds
    for (const [input, output, end] of [
      [low, lowValue, ends[0]],
      [high, highValue, ends[1]],
    ] as const) {
      const text = `${formatNumber(Number(valueOfDoubt(measure, end).toPrecision(3)))}${measure.unit && ` ${measure.unit}`}`
      input.value = String((end / measure.largestThreshold) * steps)
      input.setAttribute('aria-valuetext', text)
      output.textContent = text
    }
    swatches.style.left = `${(100 * ends[0]) / measure.largestThreshold}%`
    swatches.style.right = `${100 - (100 * ends[1]) / measure.largestThreshold}%`
    change({ measure, thresholds: ends })
  }
  const move = (moved: 'low' | 'high') => {
    const measure = measureNamed(select.value as MeasureName)
    // A rank has no values between whole numbers.
    const read = (input: HTMLInputElement) => {
      const doubt = (Number(input.value) / steps) * measure.largestThreshold
      return measure.name === 'rank' ? Math.round(doubt) : doubt
    }
    const [from, to] = [read(low), read(high)]
    thresholds.set(measure.name, moved === 'low' ? [Math.min(from, to), to] : [from, Math.max(from, to)])
    announce()
  }
  low.addEventListener('input', () => move('low'))
  high.addEventListener('input', () => move('high'))
  const choose = () => {
    settings.write(setting, select.value)
    announce()
  }
  select.addEventListener('change', choose)
  announce()
  return {
    element,
    nextMeasure() {
      select.selectedIndex = (select.selectedIndex + 1) % select.length
      choose()
    },
  }
}

function slider(name: string): HTMLInputElement {
  const input = h('input', { class: 'threshold-slider' })
  input.type = 'range'
  input.min = '0'
  input.max = String(steps)
  input.setAttribute('aria-label', name)
  input.title = name
  return input
}
