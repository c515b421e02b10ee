import { expect, it } from 'vitest'
import { seededRandom } from '../seeded-random.ts'
import { auroc } from './statistics/auroc.ts'
import { bootstrapSpread } from './statistics/bootstrap-spread.ts'
import { resampleClusters, weightedAuroc } from './statistics/cluster-bootstrap.ts'
import { clusteredProportionInterval } from './statistics/clustered-proportion.ts'
import { clustersOf } from './statistics/clusters.ts'
import { logitInterval } from './statistics/logit-interval.ts'
import { orderScores } from './statistics/score-order.ts'
import { tieGroups } from './statistics/tie-groups.ts'
import { type Interval, wilsonInterval } from './statistics/wilson-interval.ts'

const draws = 2000
const resamples = 400
/** Shift of normal scores whose AUROC is 0.7: √2 · Φ⁻¹(0.7). */
const shift = Math.SQRT2 * 0.5244005127080407
const trueAuroc = 0.7

/** The share of draws whose interval holds the truth, which is to be 95 % within 1.5. */
function expectCoverage(name: string, truth: number, draw: (normal: () => number) => Interval | null): void {
  const random = seededRandom(2000, name.length)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  let covered = 0
  for (let index = 0; index < draws; index++) {
    const interval = draw(normal)
    if (interval && interval.low <= truth && truth <= interval.high) covered++
  }
  const coverage = covered / draws
  console.log(`${name}: ${(100 * coverage).toFixed(1)} % of ${draws} draws`)
  expect(Math.abs(coverage - 0.95), `${name} covers ${coverage}`).toBeLessThanOrEqual(0.015)
}

/** Scores and marks of so many wrong and right answers, each problem adding its own offset to the scores of its answers. */
function binormal(normal: () => number, wrong: number, right: number, answers: number, shared: number) {
  const marks: number[] = []
  const scores: number[] = []
  const problems: string[] = []
  const own = Math.sqrt(1 - shared ** 2)
  for (let problem = 0; marks.length < (wrong + right) * answers; problem++) {
    const mark = problem < wrong ? 1 : 0
    const offset = shared * normal()
    for (let answer = 0; answer < answers; answer++) {
      marks.push(mark)
      problems.push(String(problem))
      scores.push(mark * shift + offset + own * normal())
    }
  }
  return { marks, order: orderScores(scores), problems: clustersOf(problems) }
}

it("covers the truth with DeLong's interval on the logit scale", () => {
  for (const [wrong, right] of [
    [25, 25],
    [25, 100],
    [100, 25],
  ] as const)
    expectCoverage(`DeLong, ${wrong} wrong and ${right} right`, trueAuroc, normal => {
      const { marks, order } = binormal(normal, wrong, right, 1, 0)
      return auroc(tieGroups(order, marks))!.interval
    })
})

it.each([
  [25, 25, 1, 0],
  [30, 30, 3, 0.7],
] as const)(
  'covers the truth with resampled problems: %i wrong, %i right, %i answers each',
  (wrong, right, answers, shared) => {
    const random = seededRandom(7, answers)
    expectCoverage(`resampled problems, ${answers} answers each`, trueAuroc, normal => {
      const { marks, order, problems } = binormal(normal, wrong, right, answers, shared)
      const values = new Float64Array(resamples)
      resampleClusters(problems, resamples, random, (weights, resample) => {
        values[resample] = weightedAuroc(order, marks, weights)
      })
      const spread = bootstrapSpread(values, problems.count)
      const area = auroc(tieGroups(order, marks))!
      return spread && logitInterval(area.value, spread.standardError, spread.quantile)
    })
  },
)

it('covers the truth with the intervals of an accuracy', () => {
  const random = seededRandom(11)
  expectCoverage("Wilson's, 100 answers", 0.67, () => {
    let right = 0
    for (let answer = 0; answer < 100; answer++) if (random() < 0.67) right++
    return wilsonInterval(right, 100)
  })
  // Each problem has a chance of its own, uniform, so that the answers to one go together; the mean is a half.
  expectCoverage('clustered, 60 problems of 4 answers', 0.5, () => {
    const marks: number[] = []
    const problems: string[] = []
    for (let problem = 0; problem < 60; problem++) {
      const chance = random()
      for (let answer = 0; answer < 4; answer++) {
        marks.push(random() < chance ? 1 : 0)
        problems.push(String(problem))
      }
    }
    return clusteredProportionInterval(marks, clustersOf(problems))
  })
})
