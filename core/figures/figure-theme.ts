/** The two classes of answers a figure compares. */
export type AnswerClass = 'correct' | 'incorrect'

/** DejaVu Sans is what the PNG is drawn with; the others stand in for it in a browser. */
export const fontFamily = "DejaVu Sans, Verdana, 'Segoe UI', sans-serif"

export const ink = '#1a1a1a'
export const mutedInk = '#555555'
export const gridColor = '#e4e4e4'

/** Id of the pattern that fills areas of incorrect answers. */
export const hatchId = 'entrace-incorrect-hatch'

/**
 * Okabe and Ito's blue and vermillion, apart for every kind of colour vision. Dash, fill and marker tell the classes apart
 * in grey print too: the correct ones have full lines, plain fills and circles, the others dashes, hatches and triangles.
 */
export const classStyles = {
  correct: { color: '#0072B2', fill: '#0072B2', fillOpacity: 0.28, dash: 'none' },
  incorrect: { color: '#D55E00', fill: `url(#${hatchId})`, fillOpacity: 1, dash: '6 3' },
} as const satisfies Record<AnswerClass, object>
