import type { Decoding } from '../generate/decoding.ts'

/** How answers are decoded, in words. */
export function describeDecoding(
  decoding: Partial<Decoding> &
    Pick<Decoding, 'temperature'> & {
      maxNewTokens: number
      seed: number
      /** Left out of a single answer. */
      samples?: number
      stopTexts?: readonly string[]
    },
): string {
  const {
    temperature,
    topK,
    topP,
    minP,
    repetitionPenalty = 1,
    numBeams = 1,
    lengthPenalty,
    samples,
    stopTexts = [],
  } = decoding
  const given = (name: string, value: number | null | undefined) =>
    value === null || value === undefined ? [] : [`${name} ${value}`]
  return [
    numBeams > 1
      ? `beam search with ${numBeams} beams`
      : temperature === 0
        ? 'greedy'
        : `temperature ${temperature}`,
    ...given('length penalty', lengthPenalty),
    ...given('top-k', topK),
    ...given('top-p', topP),
    ...given('min-p', minP),
    ...(repetitionPenalty === 1 ? [] : [`repetition penalty ${repetitionPenalty}`]),
    `at most ${decoding.maxNewTokens} new tokens`,
    ...(stopTexts.length > 0 ? [`up to ${stopTexts.map(text => JSON.stringify(text)).join(' or ')}`] : []),
    ...(samples === undefined ? [] : [`${samples} answer${samples === 1 ? '' : 's'} a problem`]),
    ...(temperature > 0 ? [`seed ${decoding.seed}`] : []),
  ].join(', ')
}
