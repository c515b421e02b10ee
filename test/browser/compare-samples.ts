import type { SampleRecord } from '../../core/record/sample.ts'
import type { TokenRecord } from '../../core/record/token.ts'
import { sampleRecord, tokenRecord } from '../support/sample-record.ts'

/** The ids of words. */
const ids = new Map<string, number>()
const problem =
  'A jar holds 12 sweets and \\(x\\) more. Ana eats a third of all, and 10 are left. What is \\(x\\)?'
/** What every answer begins with. */
const beginning = [
  'Let us write down what we know . The jar holds 12 sweets and x more , so that there are 12 + x of them .',
  'Ana eats a third of these , which leaves two thirds : 2 ( 12 + x ) / 3 . We are told that 10 are left , so',
].join(' ')
const endings = [
  '2 ( 12 + x ) = 30 , and 12 + x = 15 . Therefore we find that the answer is \\boxed{3} .',
  '12 + x = 10 · 3 / 2 , which is 15 . Therefore we find that the answer is \\boxed{3} .',
  '12 + x = 30 / 3 = 10 and x = - 2 , which can be no number of sweets ; hence',
]
/** Of another model: it begins in other words, and ends in the same. */
const otherEnding =
  'two thirds are 10 and a third is 5 ; the whole is 15 . Therefore we find that the answer is \\boxed{3} .'

/** Tokens that the answers of one run begin with. */
export const sharedTokens = wordsOf(beginning).length

/** Three answers of one run, alike until they part: the first two end alike too, the third is cut. */
export const answers = endings.map((ending, index) =>
  answerOf(index, `${beginning} ${ending}`, {
    extractedAnswer: index === 2 ? null : '3',
    correct: index !== 2,
    finishReason: index === 2 ? 'length' : 'stop',
  }),
)
/** Another run's answer to the same problem, at another place of its data set. */
export const otherAnswer: SampleRecord = {
  ...answerOf(0, `${beginning.replace('two thirds', 'two-thirds')} ${otherEnding}`, { extractedAnswer: '3' }),
  problemIndex: 5,
  problemId: 'sweets',
  prompt: `Please reason step by step. ${problem}`,
}

/** An answer to a problem that the other run does not have. */
export const loneAnswer = {
  ...answerOf(0, 'It is 4 .', {}),
  problemIndex: 1,
  problemId: 'p-1',
  problem: '2 + 2',
}

const hostile = [
  '<img src=x onerror="window.harmed = 1">',
  '\u202Etxt.exe\u202C',
  'שלום עולם',
  '</div></body>',
]
/** Two answers whose every text is hostile, parted at the third token. */
export const hostileAnswers = [0, 1].map(sampleIndex => {
  const tokens = [...hostile, ...(sampleIndex === 0 ? [] : ['וסוף'])].map((text, at) =>
    madeToken(text, at >= 2 ? 900 + sampleIndex : at, at),
  )
  return answerRecord(sampleIndex, tokens, {
    problemIndex: 2,
    problemId: hostile[0]!,
    problem: hostile[0]!,
    prompt: hostile[3]!,
    extractedAnswer: hostile[0]!,
    expectedAnswer: hostile[3]!,
    rule: hostile[0]!,
  })
})

function answerOf(sampleIndex: number, text: string, changes: Partial<SampleRecord>): SampleRecord {
  const tokens = wordsOf(text).map((word, at) =>
    // Before they part, one model says the same of all.
    madeToken(word, idOf(word), at < sharedTokens ? at : at + sampleIndex),
  )
  return answerRecord(sampleIndex, tokens, changes)
}

function answerRecord(
  sampleIndex: number,
  tokens: TokenRecord[],
  changes: Partial<SampleRecord>,
): SampleRecord {
  const entropies = tokens.map(token => token.entropyNats)
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  return sampleRecord({
    problemId: 'jar',
    sampleIndex,
    problem,
    prompt: problem,
    generatedText: tokens.map(token => token.text).join(''),
    tokens,
    generatedTokens: tokens.length,
    meanEntropyNats: sum(entropies) / tokens.length,
    maxEntropyNats: Math.max(...entropies),
    sumLogprob: sum(tokens.map(token => token.logprob)),
    expectedAnswer: '3',
    ...changes,
  })
}

/** Words with the space before them. */
function wordsOf(text: string): string[] {
  return text.split(' ').map((word, index) => (index === 0 ? word : ` ${word}`))
}

/** Ids by the order in which words come, the same for all answers. */
function idOf(word: string): number {
  const known = ids.get(word) ?? 100 + ids.size
  ids.set(word, known)
  return known
}
/** A token that is chosen with a probability that follows from its place. */
function madeToken(text: string, id: number, at: number): TokenRecord {
  const wave = (Math.sin(at * 1.7) + Math.sin(at * 0.37)) ** 4 / 16.1
  const first = 1 - 0.5 * wave - 0.01
  const others = [idOf(' 2'), idOf(' 12'), idOf(' two')].filter(other => other !== id).slice(0, 2)
  const probabilities = [first, (1 - first) * 0.6, (1 - first) * 0.3]
  return tokenRecord({
    id,
    text,
    entropyNats: 1.6 * wave + 0.02,
    varentropy: wave,
    logprob: Math.log(first),
    margin: probabilities[0]! - probabilities[1]!,
    topIds: [id, ...others],
    topLogprobs: probabilities.map(Math.log),
    tailMass: (1 - first) * 0.1,
  })
}
