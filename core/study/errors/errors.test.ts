import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sampleRecord } from '../../../test/support/sample-record.ts'
import type { ByteSource } from '../../files/byte-source.ts'
import { errorKinds } from '../findings.ts'
import { createErrorCounter } from './error-counts.ts'
import { readErrorLabels } from './error-labels.ts'
import { isRightResult, sortError, workedSteps } from './sort-error.ts'

const problem = 'Ada has 862 stamps, gives away 383, buys 240 more and 9 times as many come. How many?'
const solution = '862 - 383 = 479. 479 + 240 = 719. 719 * 9 = 6471. The answer is \\boxed{6471}.'

function wrong(generatedText: string, changes: Parameters<typeof sampleRecord>[0] = {}) {
  const extractedAnswer = /boxed\{(.*)\}/.exec(generatedText)?.[1] ?? null
  return sampleRecord({
    problem,
    generatedText,
    extractedAnswer,
    expectedAnswer: '6471',
    correct: false,
    metadata: { solution },
    ...changes,
  })
}

describe('the first departure from the worked solution decides', () => {
  test.each([
    ['arithmetic', 0, '862 - 383 = 4▶99. 499 + 240 = 739. 739 * 9 = 6651. The answer is \\boxed{6651}.'],
    ['arithmetic', 1, '862 - 383 = 479. 240 + 479 = 7▶29. 729 * 9 = 6561. The answer is \\boxed{6561}.'],
    ['operation', 1, '862 - 383 = 479. 479 ▶* 9 = 4311. The answer is \\boxed{4311}.'],
    ['operation', 0, '862 ▶+ 383 = 1245. 1245 + 240 = 1485. The answer is \\boxed{1485}.'],
    ['operation', 1, '862 - 383 = 479. 479 + ▶383 = 862. The answer is \\boxed{862}.'],
    ['copy', 0, '862 - 38▶8 = 474. 474 + 240 = 714. The answer is \\boxed{714}.'],
    ['copy', 1, '862 - 383 = 479. 4▶97 + 240 = 737. The answer is \\boxed{737}.'],
    ['operation', 3, `${solution.slice(0, 49)} ▶6471 - 9 = 6462. The answer is \\boxed{6462}.`],
  ])('%s in step %i: %s', (kind, step, marked) => {
    const characterOffset = marked.indexOf('▶')
    expect(sortError(wrong(marked.replace('▶', '')))).toMatchObject({ kind, step, characterOffset })
  })
})

test.each([
  ['format', '862 - 383 = 479. 479 + 240 = 719. 719 * 9 = 6471. So it is done.'],
  ['format', '862 - 383 = 479. 479 + 240 = 719. 719 * 9 = 6471. The answer is \\boxed{6,471 stamps each}.'],
  ['copy', '862 - 383 = 479. 479 + 240 = 719. 719 * 9 = 6471. The answer is \\boxed{6417}.'],
  ['operation', '862 - 383 = 479. 479 + 240 = 719. The answer is \\boxed{719}.'],
  ['format', ''],
  ['unknown', 'The answer is \\boxed{12}.'],
])('where no step is wrong it is %s: %s', (kind, text) => {
  expect(sortError(wrong(text))).toMatchObject({ kind, step: null, characterOffset: null })
})

test('a cut answer is incomplete, wherever it went wrong; a failed one is unknown', () => {
  const text = '862 - 383 = 499. 499 + 2'
  expect(sortError(wrong(text, { finishReason: 'length' }))).toMatchObject({ kind: 'incomplete', step: 0 })
  expect(sortError(wrong('', { finishReason: 'error' }))).toMatchObject({ kind: 'unknown' })
})

test('a label by hand decides, without a solution only arithmetic is checked, a correct answer has no error', () => {
  const text = '862 - 383 = 499. The answer is \\boxed{499}.'
  const label = (kind: string) => wrong(text, { metadata: { solution, error_label: kind } })
  expect(sortError(label('copy'))).toMatchObject({ kind: 'copy', step: 0, rule: 'labelled by hand' })
  expect(sortError(label('typo'))).toMatchObject({ kind: 'unknown' })
  expect(sortError(wrong(text, { metadata: {} }))).toMatchObject({ kind: 'arithmetic', characterOffset: 12 })
  expect(sortError(wrong('1 + 1 = 2. \\boxed{2}', { metadata: {} }))).toMatchObject({ kind: 'unknown' })
  expect(sortError(wrong(text, { correct: true }))).toBeNull()
})

const whole = fc.integer({ min: 1, max: 9_999 })
const sign = fc.constantFrom('+', '-', '*', '/')

test('reads back the steps that it is given, and knows which result is right', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(whole, sign, whole, whole), { maxLength: 6 }), steps => {
      const text = steps.map(([a, operator, b, c]) => `${a} ${operator} ${b} = ${c}.`).join(' ')
      const found = workedSteps(text)
      expect(
        found.map(step => [step.left.value, step.operator.value, step.right.value, step.result.value]),
      ).toEqual(steps)
      for (const step of found)
        for (const part of [step.left, step.operator, step.right, step.result])
          expect(text.startsWith(part.text, part.start)).toBe(true)
    }),
  )
  const isRight = (text: string) => workedSteps(text).map(isRightResult)
  expect(isRight('1,200 × 3 = 3,600, 7 \\div 2 = 3.5, $10 / 3 = $3.33')).toEqual([true, true, true])
  expect(isRight('7 / 2 = 3, 10 / 3 = 3.34, 2 - 5 = -3')).toEqual([false, false, true])
  // Longer sums are no steps; a chain is read from where it is one.
  expect(workedSteps('2 + 3 * 4 = 14')).toEqual([])
  expect(workedSteps('2 * 3 = 16 + 1 = 17').map(step => step.result.value)).toEqual([17])
})

test('a solution is no error of its own, whatever its numbers', () => {
  fc.assert(
    fc.property(whole, whole, whole, (a, b, c) => {
      const text = `${a} + ${b} = ${a + b}. ${a + b} * ${c} = ${(a + b) * c}.`
      const found = sortError(wrong(text, { problem: `${a} ${b} ${c}`, metadata: { solution: text } }))
      expect(found?.step).toBeNull()
    }),
  )
})

function file(name: string, text: string): ByteSource {
  const bytes = new TextEncoder().encode(text)
  return { name, byteLength: bytes.length, slice: async (start, end) => bytes.slice(start, end).buffer }
}

test('labels of a file go before the rules, for the answer that they name', async () => {
  const labels = await readErrorLabels(
    file('labels.csv', 'problemId,sampleIndex,kind\n7,1,format\n8,,copy\n'),
  )
  expect(labels.count).toBe(2)
  const counter = createErrorCounter(labels)
  const text = '862 - 383 = 499. \\boxed{499}'
  const add = (problemId: string, sampleIndex: number, meanEntropyNats: number | null) =>
    counter.add(wrong(text, { problemId, sampleIndex, meanEntropyNats }))?.kind
  expect([add('7', 0, 0.5), add('7', 1, 0.1), add('8', 0, null), add('9', 0, 0.7)]).toEqual([
    'arithmetic',
    'format',
    'copy',
    'arithmetic',
  ])
  expect(counter.add(wrong(text, { correct: true }))).toBeNull()
  const { n, kinds } = counter.finish()
  expect(n).toBe(4)
  expect(kinds.map(count => [count.kind, count.n])).toEqual([
    ['arithmetic', 2],
    ['operation', 0],
    ['copy', 1],
    ['incomplete', 0],
    ['format', 1],
    ['unknown', 0],
  ])
  expect(kinds[0]).toMatchObject({
    share: 0.5,
    meanEntropyNats: 0.6,
    examples: [
      { problemId: '7', sampleIndex: 0, step: 0, characterOffset: 13 },
      { problemId: '9', sampleIndex: 0, step: 0, characterOffset: 13 },
    ],
  })
  expect(kinds[2]?.meanEntropyNats).toBeNull()
})

test.each([
  ['{"kind": "copy"}', /line 1: expected the id of a problem/],
  ['{"problemId": "1", "kind": "typo"}', /line 1: expected one of arithmetic, .* found "typo"/],
  ['{"problemId": "1", "kind": "copy", "sampleIndex": -1}', /expected a whole number from 0/],
  [
    '{"problemId": 1, "kind": "copy"}\n{"problemId": "1", "kind": "copy"}',
    /line 2: .* a second for answer 0/,
  ],
])('refuses the label file %s', async (text, message) => {
  await expect(readErrorLabels(file('labels.jsonl', text))).rejects.toThrow(message)
})

test('a run without errors has every kind, and no share', () => {
  const { n, kinds } = createErrorCounter().finish()
  expect(n).toBe(0)
  expect(kinds.map(count => count.kind)).toEqual([...errorKinds])
  expect(JSON.stringify(kinds)).not.toMatch(/NaN/)
  for (const count of kinds)
    expect(count).toMatchObject({ n: 0, share: null, low: null, meanEntropyNats: null })
})
