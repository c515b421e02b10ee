import type { PromptStyle } from './prompt.ts'

/** A published data set whose layout need not be guessed. */
export interface KnownDataSet {
  /** Its id on the Hub. */
  id: string
  /** Short names that `--dataset` takes. */
  aliases: readonly string[]
  /** Subsets that are read together, in this order; null where it has but one. */
  configs: readonly string[] | null
  split: string
  problemColumn: string
  /** Where `referenceAnswer` finds the answer: alone, after `####` or in the last `\boxed{}`. */
  answerColumn: string
  promptStyle: PromptStyle
  /** Rows of that split as published. */
  rows: number
}

const mathSubjects = [
  'algebra',
  'counting_and_probability',
  'geometry',
  'intermediate_algebra',
  'number_theory',
  'prealgebra',
  'precalculus',
]

/** The mathematics data sets that are known by name. */
export const knownDataSets: readonly KnownDataSet[] = [
  aimo('AI-MO/aimo-validation-math-level-4', ['math-level-4', 'aimo-validation-math-level-4'], 754),
  aimo('AI-MO/aimo-validation-math-level-5', ['math-level-5', 'aimo-validation-math-level-5'], 721),
  aimo('AI-MO/aimo-validation-aime', ['aime', 'aimo-validation-aime'], 90),
  {
    id: 'openai/gsm8k',
    aliases: ['gsm8k'],
    configs: ['main'],
    split: 'test',
    problemColumn: 'question',
    answerColumn: 'answer',
    promptStyle: 'boxed',
    rows: 1319,
  },
  math('EleutherAI/hendrycks_math', ['math', 'hendrycks-math'], mathSubjects),
  math('hendrycks/competition_math', ['competition-math'], null),
  {
    id: 'HuggingFaceH4/MATH-500',
    aliases: ['math-500'],
    configs: null,
    split: 'test',
    problemColumn: 'problem',
    answerColumn: 'answer',
    promptStyle: 'boxed',
    rows: 500,
  },
]

/** The known data set of an id or a short name, in whichever case; undefined for any other. */
export function findKnownDataSet(name: string): KnownDataSet | undefined {
  const wanted = name.toLowerCase()
  return knownDataSets.find(({ id, aliases }) => id.toLowerCase() === wanted || aliases.includes(wanted))
}

function aimo(id: string, aliases: string[], rows: number): KnownDataSet {
  return {
    id,
    aliases,
    configs: null,
    split: 'train',
    problemColumn: 'problem',
    answerColumn: 'answer',
    promptStyle: 'boxed',
    rows,
  }
}

function math(id: string, aliases: string[], configs: string[] | null): KnownDataSet {
  return {
    id,
    aliases,
    configs,
    split: 'test',
    problemColumn: 'problem',
    answerColumn: 'solution',
    promptStyle: 'boxed',
    rows: 5000,
  }
}
