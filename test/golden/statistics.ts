import { expect } from 'vitest'
import { orderScores, type TieGroups, tieGroups } from '../../core/study/statistics/ranks.ts'
import { isUndefined, type Statistic } from '../../core/study/undefined.ts'
import golden from './statistics.json' with { type: 'json' }

interface Correlation {
  coefficient: number
  p: number
}

interface Group {
  n: number
  mean: number | null
  sd: number | null
  median: number | null
}

interface DataSet {
  name: string
  scores: number[]
  incorrect: boolean[]
  expected: {
    ranks: number[] | null
    accuracy: { value: number; low: number; high: number }
    correct: Group
    incorrect: Group
    hedgesG: number | null
    pearson: Correlation | null
    spearman: Correlation | null
    mannWhitney: { u: number; p: number } | null
    auroc: number | null
    aurocInterval: { low: number; high: number } | null
    auprc: number | null
    aurc: number
    prr: number | null
    augrc: number
    kendall: Correlation | null
  }
}

/** The data sets of statistics.json, made by statistics.py. */
export const dataSets: DataSet[] = golden.dataSets

/** Arguments and value of each distribution function, made by statistics.py. */
export const distributions: Record<keyof typeof golden.distributions, number[][]> = golden.distributions

/** The scores of the incorrect answers, the positive class, and those of the correct ones. */
export function splitScores(dataSet: DataSet): { positives: number[]; negatives: number[] } {
  return {
    positives: dataSet.scores.filter((_, index) => dataSet.incorrect[index]),
    negatives: dataSet.scores.filter((_, index) => !dataSet.incorrect[index]),
  }
}

/** The groups of equal score that statistics of ranks read, the marked samples being the incorrect ones. */
export function groupScores(scores: readonly number[], marks: readonly boolean[]): TieGroups {
  return tieGroups(orderScores(scores), marks)
}

/** What scikit-learn, SciPy and independent NumPy say of comparisons, regressions and calibration. */
export const models = golden.models

/** Fails unless |found − expected| ≤ absolute + relative · |expected|, or both are null or undefined for a reason. */
export function expectClose(
  given: Statistic | null | undefined,
  expected: number | null | undefined,
  where: string,
  { absolute = 1e-13, relative = 1e-11 } = {},
): void {
  const found = isUndefined(given) ? null : given
  if (expected === null || expected === undefined || found === null || found === undefined) {
    expect(found ?? null, where).toBe(expected ?? null)
    return
  }
  const allowed = absolute + relative * Math.abs(expected)
  const message = `${where}\n  expected ${expected}\n  found    ${found}\n  allowed  ±${allowed}`
  expect(Math.abs(found - expected) <= allowed, message).toBe(true)
}
