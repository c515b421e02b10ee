/** An answer to the problem of the sample that is shown, beside which it is laid. */
export interface ComparedAnswer {
  /** Whether it is of the other run. */
  isOther: boolean
  /** Which of the answers to the problem, from 0. */
  sampleIndex: number
}

/** Answers that are laid beside one: with more, none is wide enough to be read. */
export const mostCompared = 3

/**
 * Answers as an address names them: `1,2,@0` are the second and the third answer of this run, and the first one of the
 * other run. What is not understood, comes twice, or is too much, is left out.
 */
export function parseCompared(text: string): ComparedAnswer[] {
  const names = [...new Set(text.split(',').filter(name => /^@?(0|[1-9]\d{0,8})$/.test(name)))]
  return names.slice(0, mostCompared).map(name => ({
    isOther: name.startsWith('@'),
    sampleIndex: Number(name.replace('@', '')),
  }))
}

/** The text that `parseCompared` reads. */
export function formatCompared(answers: readonly ComparedAnswer[]): string {
  return answers.map(({ isOther, sampleIndex }) => `${isOther ? '@' : ''}${sampleIndex}`).join(',')
}
