import { expect, test } from 'vitest'
import { failedSample, simulateSamples } from '../../test/golden/statistics-samples.ts'
import { collectFigureData, positionCount } from './figure-data.ts'

const sampleOf = (entropies: number[]) => ({
  ...simulateSamples(1, 0)[0]!,
  tokens: entropies.map(entropyNats => ({ entropyNats })),
})

test('sorts by correctness and leaves out what has no entropy', () => {
  const { groups, omitted } = collectFigureData([...simulateSamples(3, 2), failedSample])
  expect(groups.map(group => [group.answerClass, group.meanEntropies.length])).toEqual([
    ['correct', 3],
    ['incorrect', 2],
  ])
  expect(omitted).toBe(1)
})

test('a long answer is averaged within each part, each token in one of them', () => {
  const entropies = Array.from({ length: 3 * positionCount }, (_, index) => index)
  const parts = collectFigureData([sampleOf(entropies)]).groups[0].entropiesAtPosition.map(part => part[0])
  expect(parts).toEqual(Array.from({ length: positionCount }, (_, index) => 3 * index + 1))
})

test('a short answer is stretched', () => {
  const parts = collectFigureData([sampleOf([1, 2])]).groups[0].entropiesAtPosition.map(part => part[0])
  expect(parts).toEqual([...new Array(10).fill(1), ...new Array(10).fill(2)])
})

test('an answer without tokens has a mean but no course', () => {
  const { groups } = collectFigureData([sampleOf([])])
  expect(groups[0].meanEntropies).toHaveLength(1)
  expect(groups[0].entropiesAtPosition[0]).toEqual([])
})
