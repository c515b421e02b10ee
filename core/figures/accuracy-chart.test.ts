import { expect, test } from 'vitest'
import { accuracyBins } from './accuracy-chart.ts'
import { collectFigureData } from './figure-data.ts'

const dataOf = (answers: [entropy: number, correct: boolean][]) =>
  collectFigureData(
    answers.map(([meanEntropyNats, correct]) => ({
      meanEntropyNats,
      correct,
      finishReason: 'stop',
      tokens: [],
    })),
  )

test('bins of equal size in rising order, with the share correct and its interval', () => {
  const bins = accuracyBins(dataOf(Array.from({ length: 40 }, (_, index) => [index, index < 20])))
  expect(bins).toHaveLength(3)
  expect(bins.map(bin => bin.medianEntropyNats)).toEqual([6, 20, 33])
  expect(bins.map(bin => bin.accuracy)).toEqual([1, 7 / 14, 0])
  expect(bins[1]!.interval.low).toBeCloseTo(0.268, 3)
  expect(bins[1]!.interval.high).toBeCloseTo(0.732, 3)
})

test('equal entropies share a bin, whichever way the answers were ordered', () => {
  const answers: [number, boolean][] = Array.from({ length: 40 }, (_, index) => [
    index < 30 ? 0 : index,
    index % 2 === 0,
  ])
  const bins = accuracyBins(dataOf(answers))
  expect(bins.map(bin => [bin.medianEntropyNats, bin.accuracy])).toEqual([
    [0, 0.5],
    [35, 0.5],
  ])
  expect(accuracyBins(dataOf(answers.toReversed()))).toEqual(bins)
})

test('too few answers for two bins have none; many have ten', () => {
  const answers = (length: number) => Array.from({ length }, (_, index): [number, boolean] => [index, true])
  expect(accuracyBins(dataOf(answers(23)))).toEqual([])
  expect(accuracyBins(dataOf(answers(5000)))).toHaveLength(10)
})
