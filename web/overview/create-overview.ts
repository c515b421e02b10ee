import { h } from '../dom.ts'
import type { View, ViewContext } from '../view.ts'

/** The overview, which stays while a sample is replayed. */
export interface Overview extends View {
  /** It is on the page again. */
  shown(): void
  /** The row that the table lists so many places after another; null where there is none. */
  neighbour(row: number, by: number): number | null
}

/** The screen of a run: its card, its figures and the table of its samples. */
export function createOverview(context: ViewContext): Overview {
  return {
    element: h('div', {}, String(context.run.columns.count)),
    shortcuts: [],
    destroy() {},
    shown() {},
    neighbour: () => null,
  }
}
