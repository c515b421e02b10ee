import type { View } from '../view.ts'

/** What the bars of a distribution are asked for and told. */
export interface WhatIfBars {
  /** Texts that are known beside those of the answer, by id. */
  texts: ReadonlyMap<number, string>
  /** What if this token had been that one. */
  choose(token: number, id: number): void
}

/** What asks for other ways than the one that is replayed. */
export interface WhatIf extends WhatIfBars {
  /** Stands below the token panel. */
  element: HTMLElement
  /** Told which token the panel shows. */
  show(token: number): void
}

/** The replay of one answer, as what asks for other ways uses it. */
export interface Replay extends View {
  /** Stops on the token that is shown, and locks it. */
  hold(): void
  /** Shows the texts of alternatives that became known. */
  refreshTexts(): void
}
