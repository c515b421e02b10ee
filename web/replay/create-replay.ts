import type { OpenedSample } from '../data/opened-sample.ts'
import { h } from '../dom.ts'
import type { View, ViewContext } from '../view.ts'

/** The replay of one sample. */
export function createReplay(_context: ViewContext, sample: OpenedSample): View {
  return { element: h('pre', {}, sample.generatedText), shortcuts: [], destroy() {} }
}
