import type { OpenedSample } from '../data/opened-sample.ts'
import type { ViewContext } from '../view.ts'

/** Lets the reader choose what a recorded answer is compared with; what does that is fetched the first time. */
export function offerComparison(context: ViewContext, sample: OpenedSample): void {
  import('../compare/choose-answers.ts').then(
    ({ chooseAnswers }) => chooseAnswers(context, sample),
    () => context.announce('the page cannot load what compares; is its server still there?'),
  )
}
