import { describe, expect, it } from 'vitest'
import { sampleRecord, tokenRecord } from '../../test/support/sample-record.ts'
import type { SampleRecord } from '../record/sample.ts'
import { tokenColumns } from '../record/token.ts'
import { adviceOnCut } from '../report/analysis-warnings.ts'
import { analyseRun } from '../report/record-study.ts'
import { columnsOf } from './columns.ts'
import { readRunFindings } from './findings.ts'
import { createOverrunCounter, createRunFindings } from './run-findings.ts'

function overrunOf(answers: [SampleRecord['finishReason'], string[]][]) {
  const counter = createOverrunCounter()
  for (const [finishReason, texts] of answers) counter.add(finishReason, texts)
  return counter.finish()
}

describe('answers that ran over their end', () => {
  it.each([
    [['4', '<|im_end|>', '\n', '<|im_start|>', 'user'], { text: '<|im_end|>', isToken: true }],
    [['4', '<', '|', 'eot', '_id', '|>', 'x'], { text: '<|eot_id|>', isToken: false }],
    [['4', '<end_of_turn>', '\n'], { text: '<end_of_turn>', isToken: true }],
    [['4', '</s>', '4'], { text: '</s>', isToken: true }],
    [['4', '<|end|>', '<|endoftext|>'], { text: '<|end|>', isToken: true }],
    [['4', '\n', '<|start_header_id|>'], { text: '<|start_header_id|>', isToken: true }],
    [['4', '<｜end▁of▁sentence｜>'], { text: '<｜end▁of▁sentence｜>', isToken: true }],
  ])('%j', (texts, marker) => {
    expect(overrunOf([['length', texts]])).toEqual({ cut: 1, holding: 1, marker })
    expect(overrunOf([['stop', texts]])).toEqual({ cut: 0, holding: 0 })
  })

  it.each([[['x', ' < ', 'y', ' |', ' z'], null]])('and none that did not: %j', texts => {
    expect(overrunOf([['length', texts]])).toEqual({ cut: 1, holding: 0 })
  })

  it('are counted, and advised on by the marker of most', () => {
    const overrun = overrunOf([
      ['length', ['1', '</s>']],
      ['length', ['2', '<|im_end|>']],
      ['length', ['3', '<|im_end|>']],
      ['length', ['4', '.']],
    ])
    expect(overrun).toMatchObject({ cut: 4, holding: 3, marker: { text: '<|im_end|>' } })
    expect(adviceOnCut(overrun)).toBe(
      'But 3 of these 4 hold <|im_end|>, with which a turn ends: there the model had finished, and ran on. ' +
        "Answer again with --stop-token '<|im_end|>', raise --max-new-tokens for the others, and read completedOnly.",
    )
    expect(adviceOnCut(overrunOf([['length', ['1', '</', 's>']]]))).toMatch(/with --stop '<\/s>' and read/)
    for (const without of [undefined, overrunOf([['length', ['1']]])])
      expect(adviceOnCut(without)).toBe('Raise --max-new-tokens, and read completedOnly.')
  })

  it('change what the analysis of a run advises', () => {
    const warningOf = (end: string) => {
      const samples = ['a', 'b', 'c'].map((problemId, problemIndex) =>
        sampleRecord({
          ...{ problemId, problemIndex, finishReason: 'length' },
          tokens: ['4', end, '5'].map(text => tokenRecord({ text })),
        }),
      )
      const findings = createRunFindings()
      for (const sample of samples) findings.add(sample, tokenColumns(sample.tokens))
      const { warnings, overrun } = analyseRun(columnsOf(samples), { resamples: 100 }, findings.finish())
      expect(overrun?.cut).toBe(end === ' and' ? undefined : 3)
      return warnings.find(text => text.includes('cut off at the token limit'))
    }
    expect(warningOf('<|im_end|>')).toMatch(
      /But 3 of these 3 hold <\|im_end\|>.* --stop-token '<\|im_end\|>' and/,
    )
    expect(warningOf(' and')).toMatch(/Raise --max-new-tokens, and read completedOnly\.$/)
  })
})

it('is read from an analysis as it was written there, in the same order', () => {
  const findings = createRunFindings()
  const wrong = 'First 2 + 3 = 6. Then 6 * 2 = 12.'
  for (const [index, generatedText] of ['2 + 3 = 5. 5 * 2 = 10.', wrong, wrong].entries()) {
    const tokens = Array.from(generatedText, (text, at) => tokenRecord({ text, entropyNats: (at % 7) / 3 }))
    const correct = index === 0
    const sample = sampleRecord({
      problemId: `${index}`,
      problemIndex: index,
      generatedText,
      correct,
      tokens,
    })
    findings.add(
      { ...sample, metadata: { solution: '2 + 3 = 5. 5 * 2 = 10.' }, expectedAnswer: '10' },
      tokenColumns(tokens),
    )
  }
  const written = JSON.stringify(findings.finish())
  expect(JSON.parse(written).tokens.firstWrongStep.offsets.length).toBeGreaterThan(0)
  expect(JSON.stringify(readRunFindings('analysis.json', JSON.parse(written)))).toBe(written)
})
