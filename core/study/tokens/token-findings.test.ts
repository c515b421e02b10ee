import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tokenRecord } from '../../../test/support/sample-record.ts'
import { tokenColumns } from '../../record/token.ts'
import { createEntropyHistogram, entropyBin, shareOfTokensThatCarry } from './forking-tokens.ts'
import { classifyToken, createTokenFindings, type FindingsSample } from './token-findings.ts'

/** Tokens "text" or "text@entropy"; an entropy is 0 unless it is given. */
function answer(written: string[]) {
  const idOf = (text: string) => Array.from(text).reduce((id, sign) => 256 * id + sign.codePointAt(0)!, 0)
  return tokenColumns(
    written.map(token => {
      const [text = '', entropy = '0'] = token.split('@')
      return tokenRecord({ id: idOf(text), text, entropyNats: Number(entropy), topIds: [0] })
    }),
  )
}

const right: FindingsSample = { correct: true, finishReason: 'stop' }
const wrong: FindingsSample = { correct: false, finishReason: 'stop' }

test('entropy is shared out among kinds and tenths of the answer', () => {
  const findings = createTokenFindings()
  findings.add(
    right,
    answer(['1', ' +', ' 2@0.25', ' =', ' 3@0.5', '.', ' So', ' \\', 'boxed', '<|im_end|>']),
  )
  findings.add(wrong, answer(['4@0.25', '!']))
  findings.add({ ...wrong, finishReason: 'error' }, answer(['9@5']))
  findings.add(right, answer([]))
  const { samples, tokens, kinds, positions } = findings.finish()
  expect({ samples, tokens }).toEqual({ samples: { correct: 1, incorrect: 1 }, tokens: 12 })
  expect(kinds.map(({ kind, n, shareOfEntropy }) => [kind, n, shareOfEntropy])).toEqual([
    ['digit', 4, 1],
    ['operator', 2, 0],
    ['word', 1, 0],
    ['latex', 2, 0],
    ['punctuation', 2, 0],
    ['whitespace', 0, 0],
    ['special', 1, 0],
  ])
  expect(kinds[0]).toMatchObject({ meanEntropyNats: 0.25, shareOfTokens: 4 / 12 })
  expect(kinds[5]?.meanEntropyNats).toBeNull()
  expect(positions.map(({ correct, incorrect }) => [correct.mean, incorrect.mean])).toEqual([
    [0, 0.25],
    [0, null],
    [0.25, null],
    [0, null],
    [0.5, null],
    [0, 0],
    [0, null],
    [0, null],
    [0, null],
    [0, null],
  ])
})

test('spikes are counted by kind, place and verdict', () => {
  const findings = createTokenFindings()
  const calm = Array.from({ length: 9 }, () => 'a')
  findings.add(wrong, answer([...calm, '7@1.5']))
  findings.add(right, answer([...calm, 'b@0.4']))
  const { spikes, kinds, positions } = findings.finish()
  expect(spikes).toMatchObject({ n: 1, correct: { n: 0, samples: 0 }, incorrect: { n: 1, samples: 1 } })
  expect(kinds.find(row => row.spikes > 0)).toMatchObject({ kind: 'digit', spikes: 1 })
  expect(positions.map(row => row.spikes)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
})

test('the first wrong step is set against the same positions of correct answers', () => {
  const findings = createTokenFindings()
  findings.add({ ...wrong, firstWrongCharacter: 4 }, answer(['12', ' =', ' @0.5', '5@2', '.@0.25']))
  findings.add({ ...wrong, firstWrongCharacter: null }, answer(['1@9']))
  findings.add({ ...wrong, firstWrongCharacter: 99 }, answer(['1@9']))
  findings.add(right, answer(['a@0.1', 'b@0.2', 'c@0.3', '4@0.5']))
  findings.add(right, answer(['9@0.1', 'b@0.2', 'c@0.5']))
  const { n, at, before, after, offsets } = findings.finish().firstWrongStep
  // Characters 0 to 3 are "12 =", character 4 the space.
  expect(n).toBe(1)
  // No correct answer has white space alone, one has a digit.
  expect(at).toEqual({
    incorrect: { n: 1, mean: 0.5 },
    correct: { n: 1, mean: 0.4 },
    correctOfKind: { n: 0, mean: null },
  })
  expect(before.incorrect).toEqual({ n: 2, mean: 0 })
  expect(before.correct.mean).toBeCloseTo(0.15, 12)
  // No correct answer has a fifth token.
  expect(after).toMatchObject({ incorrect: { n: 2, mean: 1.125 }, correct: { n: 1, mean: 0.5 } })
  expect(offsets.find(row => row.offset === 1)?.correctOfKind).toEqual({ n: 1, mean: 0.3 })
  expect(offsets.find(row => row.offset === 1)?.incorrect).toEqual({ n: 1, mean: 2 })
  expect(offsets.find(row => row.offset === 8)?.incorrect).toEqual({ n: 0, mean: null })
})

test('forking tokens are those most frequent in the top fifth, with what might have stood there', () => {
  const findings = createTokenFindings()
  const calm = Array.from({ length: 12 }, (_, index) =>
    tokenRecord({ id: index % 3, text: 'abc'[index % 3]!, entropyNats: 0.001, topIds: [index % 3, 9] }),
  )
  const split = (id: number, text: string, other: number) =>
    tokenRecord({
      id,
      text,
      entropyNats: 0.67,
      logprob: Math.log(0.4),
      topIds: [other, id],
      topLogprobs: [Math.log(0.6), Math.log(0.4)],
    })
  findings.add(right, tokenColumns([...calm, split(0, 'a', 1), split(0, 'a', 7), split(2, 'c', 1)]))
  const { thresholdNats, n, share, leftOut, tokens } = findings.finish().forking
  expect(thresholdNats).toBeGreaterThan(0.6)
  expect(thresholdNats).toBeLessThanOrEqual(0.67)
  expect({ n, share, leftOut }).toEqual({ n: 3, share: 0.2, leftOut: 0 })
  expect(tokens).toEqual([
    {
      id: 0,
      text: 'a',
      n: 2,
      occurrences: 6,
      meanEntropyNats: 0.67,
      alternatives: [
        { id: 1, text: 'b', expectedCount: expect.closeTo(0.6) },
        { id: 7, text: null, expectedCount: expect.closeTo(0.6) },
      ],
    },
    {
      id: 2,
      text: 'c',
      n: 1,
      occurrences: 5,
      meanEntropyNats: 0.67,
      alternatives: [{ id: 1, text: 'b', expectedCount: expect.closeTo(0.6) }],
    },
  ])
})

test('the share of tokens that carries the entropy is that of the sorted tokens, within a bin', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1e-5, max: 11, noNaN: true }), { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.5, 0.8, 0.9),
      (entropies, share) => {
        const histogram = createEntropyHistogram()
        for (const entropy of entropies) {
          histogram.counts[entropyBin(entropy)]!++
          histogram.sums[entropyBin(entropy)]! += entropy
        }
        const sorted = entropies.toSorted((a, b) => b - a)
        const total = sorted.reduce((sum, entropy) => sum + entropy, 0)
        let [carried, needed] = [0, 0]
        while (carried < share * total * (1 - 1e-12)) carried += sorted[needed++]!
        const found = shareOfTokensThatCarry(share, histogram)! * entropies.length
        // The last token counts in part; tokens of one bin differ by 15 %.
        expect(found).toBeGreaterThan(needed - 1 - 0.16 * needed)
        expect(found).toBeLessThanOrEqual(needed * 1.16)
      },
    ),
  )
})

test('a run without tokens has findings without NaN', () => {
  const found = createTokenFindings().finish()
  expect(JSON.parse(JSON.stringify(found))).toEqual(found)
  expect(found.concentration.map(row => row.shareOfTokens)).toEqual([null, null, null])
  expect(found.forking).toEqual({ thresholdNats: null, n: 0, share: null, leftOut: 0, tokens: [] })
})

test('the order of samples changes nothing but rounding', () => {
  const answers = fc.array(
    fc.record({
      correct: fc.boolean(),
      tokens: fc.array(fc.tuple(fc.constantFrom('1', '+', 'a', ' '), fc.integer({ min: 0, max: 40 })), {
        maxLength: 12,
      }),
    }),
    { maxLength: 8 },
  )
  const find = (samples: { correct: boolean; tokens: [string, number][] }[]) => {
    const findings = createTokenFindings()
    // Sixteenths of a nat sum without rounding.
    for (const { correct, tokens } of samples)
      findings.add(
        { correct, finishReason: 'stop', firstWrongCharacter: 1 },
        answer(tokens.map(([text, sixteenths]) => `${text}@${sixteenths / 16}`)),
      )
    const { firstWrongStep, ...rest } = findings.finish()
    return { ...rest, n: firstWrongStep.n }
  }
  fc.assert(
    fc.property(answers, samples => {
      expect(find(samples.toReversed())).toEqual(find(samples))
    }),
  )
})

test.each([
  ['digit', ['7', ' 12', '3.14', '٣']],
  ['operator', [' +', '=', ' ×', '<', '^', ' -']],
  ['word', ['Then', ' apples', 'né', 'x1', '数']],
  ['latex', ['\\', ' \\frac', '}.', '{', '\\boxed{']],
  ['punctuation', ['.', ' (', '$', '\uFFFD', '', null]],
  ['whitespace', [' ', '\n\n', '\t']],
  ['special', ['<|im_end|>', '</s>', '<｜end▁of▁sentence｜>']],
] as const)('%s: %j', (kind, texts) => {
  expect(texts.map(text => classifyToken(text))).toEqual(texts.map(() => kind))
})

test('a name behind a backslash is LaTeX, a space or a number there is not', () => {
  expect(classifyToken('boxed', ' \\')).toBe('latex')
  expect(classifyToken('boxed', 'the')).toBe('word')
  expect(classifyToken(' boxed', '\\')).toBe('word')
  expect(classifyToken('5', '\\')).toBe('digit')
})
