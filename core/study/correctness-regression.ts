import { normalQuantile975, normalTail } from './statistics/distributions.ts'
import { fitLogistic, type LogisticFit } from './statistics/logistic-regression.ts'
import { standardise } from './statistics/moments.ts'
import { type Maybe, none } from './undefined.ts'

/** One term of a logistic regression of correctness. */
export interface RegressionTerm {
  /** 'intercept', 'MeanTokenEntropy', 'log length' (both per standard deviation), or 'level X' (against the first level). */
  name: string
  /** Change of the log odds of being correct. */
  coefficient: number
  standardError: number
  /** e to the coefficient, with Wald's 95 % interval. */
  oddsRatio: { value: number; low: number; high: number }
  /** Wald's, two-sided. */
  p: number
}

/** Whether entropy says more about correctness than length (and level) do. */
export interface CorrectnessRegression {
  n: number
  terms: RegressionTerm[]
  /** Of the model with entropy against that without: χ² on df degrees of freedom. */
  likelihoodRatio: { chi2: number; df: number; p: number }
  /** Firth's penalised likelihood, because the plain one has no finite maximum: some term separates the classes. */
  firth: boolean
}

/** More levels than this would cost more answers than they explain. */
export const mostRegressionLevels = 10

/**
 * Logistic regression of correctness (1 or 0) on standardised mean entropy, standardised log length, and level as categories when there are
 * two to ten. Terms that do not vary are left out. Separated classes: Firth's penalty (Heinze and Schemper 2002), the ratio being that of
 * penalised likelihoods. Undefined with one class, with constant entropy, or when entropy follows from the other terms.
 */
export function correctnessRegression(
  entropies: Float64Array,
  generatedTokens: ArrayLike<number>,
  levels: readonly (string | null)[],
  correct: Uint8Array,
): Maybe<CorrectnessRegression> {
  if (correct.length === 0) return none({ because: 'no-answers' })
  if (correct.every(value => value === correct[0])) return none({ because: 'one-class', marked: !correct[0] })
  const entropy = standardise(entropies)
  if (entropy === null) return none({ because: 'constant', column: 'first' })
  const terms = [
    { name: 'intercept', column: entropies.map(() => 1) },
    { name: 'MeanTokenEntropy', column: entropy.values },
  ]
  const length = standardise(entropies.map((_, index) => Math.log(Math.max(1, generatedTokens[index]!))))
  if (length !== null) terms.push({ name: 'log length', column: length.values })
  const names = [...new Set(levels)].sort()
  if (names.length > 1 && names.length <= mostRegressionLevels) {
    for (const name of names.slice(1)) {
      const column = entropies.map((_, index) => (levels[index] === name ? 1 : 0))
      terms.push({ name: `level ${name ?? 'unknown'}`, column })
    }
  }
  const columns = terms.map(term => term.column)
  const plain = fitLogistic(columns, correct)
  const withoutEntropy = fitLogistic(columns.toSpliced(1, 1), correct)
  if (plain && withoutEntropy) return describe(terms, correct.length, plain, withoutEntropy, false)
  const penalised = fitLogistic(columns, correct, { firth: true })
  const held = fitLogistic(columns, correct, { firth: true, heldAtZero: 1 })
  if (penalised && held) return describe(terms, correct.length, penalised, held, true)
  const answers = correct.length
  return answers < terms.length
    ? none({ because: 'few-for-terms', answers, terms: terms.length })
    : none({ because: 'dependent-terms' })
}

function describe(
  terms: readonly { name: string }[],
  n: number,
  fit: LogisticFit,
  withoutEntropy: LogisticFit,
  firth: boolean,
): CorrectnessRegression {
  const chi2 = Math.max(0, 2 * (fit.logLikelihood - withoutEntropy.logLikelihood))
  return {
    n,
    terms: terms.map(({ name }, index) => {
      const coefficient = fit.coefficients[index]!
      const standardError = Math.sqrt(fit.covariance[index]![index]!)
      const half = normalQuantile975 * standardError
      return {
        name,
        coefficient,
        standardError,
        oddsRatio: {
          value: finiteExponential(coefficient),
          low: finiteExponential(coefficient - half),
          high: finiteExponential(coefficient + half),
        },
        p: Math.min(1, 2 * normalTail(Math.abs(coefficient) / standardError)),
      }
    }),
    // χ² with one degree of freedom is the square of a standard normal.
    likelihoodRatio: { chi2, df: 1, p: Math.min(1, 2 * normalTail(Math.sqrt(chi2))) },
    firth,
  }
}

function finiteExponential(x: number): number {
  return Math.min(Number.MAX_VALUE, Math.exp(x))
}
