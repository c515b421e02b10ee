import type { createOtherRun, OpenedSample, OpenRun } from '../data/open-run.ts'
import type { Route } from '../state/route.ts'
import type { Settings } from '../state/settings.ts'
import type { Shortcut } from './keyboard.ts'

/** What every screen is given. */
export interface ViewContext {
  run: OpenRun
  /** What the run is compared with. */
  otherRun: ReturnType<typeof createOtherRun>
  /** Lets the reader choose what a recorded answer is compared with. */
  chooseAnswers(sample: OpenedSample): void
  /** What the address says now. */
  readonly route: Route
  /** Calls the listener after the address changed, by `navigate` or by the back button. Returns what ends that. */
  onRoute(listener: (route: Route) => void): () => void
  /** Changes the address: a new entry of the history, or with `replace` the current one. */
  navigate(change: Partial<Route>, options?: { replace?: boolean }): void
  settings: Settings
  /** Says that something is about to be shown that may be too much for the browser. Returns what says that it was shown. */
  guard(): () => void
  /** Has a screen reader say a text. */
  announce(text: string): void
}

/** A screen: made by `createX(context, ...)`, shown by the shell while its route is the current one. */
export interface View {
  element: HTMLElement
  /** What the keyboard does while it is shown; the sheet lists them. */
  shortcuts: Shortcut[]
  /** Ends timers, listeners and requests; the shell removes the element. */
  destroy(): void
}

/** The address follows the cursor of a screen once that rests for so long. */
const addressRestMs = 250

/** Keeps the address at the token on which the cursor of a screen stands. */
export function createAddressKeeper({ navigate }: ViewContext, token: () => number) {
  let timer = 0
  const rests = () => navigate({ token: token() }, { replace: true })
  const end = () => window.clearTimeout(timer)
  return {
    /** The cursor moved, and may move on. */
    moved() {
      end()
      timer = window.setTimeout(rests, addressRestMs)
    },
    rests,
    end,
  }
}
