import { type Measure, measureNamed, measures, valueInWords } from '../data/measures.ts'
import { h } from '../dom.ts'
import type { Settings } from '../state/settings.ts'
import { colourClasses } from '../widgets/colour-classes.ts'

/** What tokens are coloured by. */
export interface Colouring {
  measure: Measure
  /** Doubts at which colours begin and are full. */
  thresholds: readonly [number, number]
}

const steps = 200

/**
 * Makes a choice of measure, and a scale of colours whose two ends can be moved; `change` is told of every new colouring, the
 * first one at once. The measure is remembered.
 */
export function createColourControls(settings: Settings, change: (colouring: Colouring) => void) {
  const select = h('select', { class: 'measure', 'aria-label': 'Colour by', onchange: () => choose() })
  for (const { name, label } of measures) select.append(new Option(label, name))
  select.value = settings.read('colour-by')
  if (select.selectedIndex < 0) select.selectedIndex = 0
  const swatches = h('span', { class: 'swatches' })
  for (let index = 1; index < colourClasses; index++) swatches.append(h('span', { class: `doubt-${index}` }))
  const low = slider('Colours begin at', () => move('low'))
  const high = slider('Colours are full at', () => move('high'))
  const lowValue = h('output', { class: 'threshold' })
  const highValue = h('output', { class: 'threshold' })
  const scale = h('span', { class: 'colour-scale' }, swatches, low, high)
  const chooser = h('label', {}, h('span', { class: 'label-text' }, 'Colour by '), select)
  const element = h('div', { class: 'colour-controls' }, chooser, lowValue, scale, highValue)
  // Of each measure, so that a change of measure and back keeps what was moved.
  const thresholds = new Map<string, readonly [number, number]>()

  const announce = () => {
    const measure = measureNamed(select.value)
    const ends = thresholds.get(measure.name) ?? measure.thresholds
    for (const [input, output, end] of [
      [low, lowValue, ends[0]],
      [high, highValue, ends[1]],
    ] as const) {
      const text = valueInWords(measure, end)
      input.value = String((end / measure.largestThreshold) * steps)
      input.setAttribute('aria-valuetext', text)
      output.textContent = text
    }
    swatches.style.left = `${(100 * ends[0]) / measure.largestThreshold}%`
    swatches.style.right = `${100 - (100 * ends[1]) / measure.largestThreshold}%`
    change({ measure, thresholds: ends })
  }
  const move = (moved: 'low' | 'high') => {
    const measure = measureNamed(select.value)
    const read = (input: HTMLInputElement) => {
      const doubt = (Number(input.value) / steps) * measure.largestThreshold
      return measure.isWhole ? Math.round(doubt) : doubt
    }
    const [from, to] = [read(low), read(high)]
    thresholds.set(measure.name, moved === 'low' ? [Math.min(from, to), to] : [from, Math.max(from, to)])
    announce()
  }
  const choose = () => {
    settings.write('colour-by', select.value)
    announce()
  }
  announce()
  return {
    element,
    /** The next measure of the list. */
    nextMeasure() {
      select.selectedIndex = (select.selectedIndex + 1) % select.length
      choose()
    },
  }
}

function slider(name: string, move: () => void): HTMLInputElement {
  return h('input', {
    class: 'threshold-slider',
    type: 'range',
    min: 0,
    max: steps,
    'aria-label': name,
    title: name,
    oninput: move,
  })
}
