import { ink } from '../../core/figures/figure-theme.ts'

/**
 * How the lines of answers A to D are told apart: by letter, dash and colour. The first is drawn in ink; the others are of
 * Tol's medium-contrast and vibrant schemes, apart for every kind of colour vision and none of the two of right and wrong.
 */
export const answerStyles = [
  { color: ink, dash: 'none' },
  { color: '#994455', dash: '6 4' },
  { color: '#997700', dash: '2 3' },
  { color: '#009988', dash: '8 3 2 3' },
] as const
