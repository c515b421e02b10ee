import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gradeAnswer, type Verdict } from '../../core/grade/grade-answer.ts'
import { seededRandom } from '../../core/seeded-random.ts'
import { propertySeed } from '../support/property-seed.ts'
import { pairSets, wholeAnswerPairs } from './labelled-pairs.ts'
import type { Random } from './mutations.ts'

/** What became of many mutated answers and references. */
export interface MutatedAnswers {
  /** By what was found: an answer that is equal, one that is not, or none. */
  counts: Record<'equal' | 'unequal' | 'no answer', number>
  /** What was thrown, or is no verdict, with its pair. */
  failures: string[]
  /** Pairs by the computing time that they took, the slowest first. */
  slowest: { ms: number; answer: string; expected: string }[]
  /** Megabytes of heap in use after each tenth, garbage collected. */
  heapMegabytes: number[]
}

/** Of what answers are made, and of what no answer should hold. */
export const textPieces = [
  ...[
    '\\frac',
    '\\sqrt',
    '\\boxed{',
    '\\text{',
    '\\left(',
    '\\right)',
    '\\begin{pmatrix}',
    '\\end{pmatrix}',
    '\\\\',
    '&',
  ],
  ...[
    '\\binom',
    '\\sum_{k=1}^{n}',
    '\\int_0^1',
    '\\lim_{x\\to 0}',
    '\\log_2',
    '\\sin',
    '\\pm',
    '\\cup',
    '\\infty',
    '\\in',
    '\\pmod',
  ],
  ...[
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    '^',
    '_',
    '!',
    '|',
    '=',
    '<',
    '\\le',
    ',',
    ';',
    ':',
    '.',
    '/',
    '*',
    '-',
    '+',
    '%',
    '°',
    '$',
    '$$',
  ],
  ...[
    '####',
    '**',
    'the answer is ',
    'and',
    'or',
    ' ',
    '\n',
    '\n\n',
    '~',
    '\\,',
    '\\quad',
    'x',
    'y',
    'n',
    'e',
    'i',
    'f(',
    '\\pi',
    'PQ',
    '_1',
    '_{2}',
    "'",
    'km',
    'hundred',
    'because ',
  ],
  ...[
    '0',
    '1',
    '9',
    '10',
    '99999999',
    '1e999',
    '0.1',
    '0.\\overline{3}',
    '1,000',
    '9^{9^{9^9}}',
    '½',
    '√',
    '∞',
    '−',
    'π',
    '²',
    '≤',
  ],
  ...[
    '\0',
    '\ud800',
    '\udc00',
    '\ufeff',
    '\u202e',
    '\u2028',
    '\u0301',
    'ﷺ',
    '🙂',
    '٣',
    '\\',
    '\\u0041',
    '<!--',
    '[REMOVED]',
  ],
]
const nests: readonly [open: string, close: string][] = [
  ['\\frac{', '}{2}'],
  ['\\sqrt{', '}'],
  ['(', ')'],
  ['{', '}'],
  ['2^{', '}'],
  ['\\boxed{', '}'],
  ['\\text{', '}'],
  ['|', '|'],
  ['\\{', '\\}'],
  ['\\sin(', ')'],
  ['-', ''],
  ['', '!'],
]

/** One change of a text, without regard to what it means. */
const changes: readonly ((text: string, random: Random, otherText: string) => string)[] = [
  (text, random) => splice(text, random, () => ''),
  (text, random) => splice(text, random, part => part + part),
  (text, random) => splice(text, random, part => [...part].reverse().join('')),
  (text, random) => splice(text, random, part => part.repeat(2 + random(40))),
  (text, random) => splice(text, random, part => part + textPieces[random(textPieces.length)]!),
  (text, random) => splice(text, random, () => textPieces[random(textPieces.length)]!),
  (text, random) => splice(text, random, () => String.fromCharCode(random(0x10000))),
  (text, random, otherText) => splice(text, random, () => otherText),
  (text, random) => text.slice(0, random(text.length + 1)),
  (text, random) => text.slice(random(text.length + 1)),
  (text, random) => text.repeat(2 + random(12)),
  // Of many alike parts a pattern that can read each in two ways tries 2^parts.
  (text, random) => {
    const part = Array.from({ length: 1 + random(3) }, () => textPieces[random(textPieces.length)]!).join('')
    return splice(text, random, () => part.repeat(1 + random(Math.ceil(900 / part.length))))
  },
  (text, random) => {
    const [open, close] = nests[random(nests.length)]!
    const depth = random(8) === 0 ? 1 + random(300) : 1 + random(6)
    return splice(text, random, part => open.repeat(depth) + part + close.repeat(depth))
  },
  (text, random) =>
    text.replaceAll(text[random(text.length)] ?? '', () => textPieces[random(textPieces.length)]!),
]

/** A part of the text put through a change; where there is none to take, what the change makes of nothing. */
function splice(text: string, random: Random, change: (part: string) => string): string {
  const start = random(text.length + 1)
  const end = Math.min(text.length, start + random(12))
  return text.slice(0, start) + change(text.slice(start, end)) + text.slice(end)
}

/**
 * Grades so many mutated answers of the labelled pairs against references that are mutated too, half of them. Texts stay
 * below 20,000 characters, so that what is measured is grading and not the copying of text.
 */
export async function gradeMutatedAnswers(count: number): Promise<MutatedAnswers> {
  const texts = pairSets.flatMap(wholeAnswerPairs)
  const draw = seededRandom(propertySeed)
  const random = (bound: number) => Math.floor(draw() * bound)
  const mutate = (text: string) => {
    let mutated = text
    for (let left = 1 + random(5); left > 0; left--)
      mutated = changes[random(changes.length)]!(
        mutated,
        random,
        texts[random(texts.length)]!.expected,
      ).slice(0, 20_000)
    return mutated
  }
  const counts = { equal: 0, unequal: 0, 'no answer': 0 }
  const found: MutatedAnswers = { counts, failures: [], slowest: [], heapMegabytes: [] }
  for (let done = 1; done <= count; done++) {
    const pair = texts[random(texts.length)]!
    const answer = mutate(pair.answer)
    const expected = random(2) === 0 ? pair.expected : mutate(pair.expected)
    const start = process.cpuUsage()
    try {
      const verdict = gradeAnswer(answer, expected)
      if (!isVerdict(verdict)) found.failures.push(JSON.stringify({ answer, expected, verdict }))
      else counts[verdict.extracted === null ? 'no answer' : verdict.equal ? 'equal' : 'unequal']++
    } catch (error) {
      found.failures.push(`${JSON.stringify({ answer, expected })}: ${(error as Error)?.stack ?? error}`)
    }
    const { user, system } = process.cpuUsage(start)
    keepSlowest(found.slowest, { ms: (user + system) / 1000, answer, expected })
    if (done % Math.ceil(count / 10) !== 0) continue
    found.heapMegabytes.push(collectedHeapMegabytes())
    if (count > 100_000) console.log(`${done} of ${count} mutated answers`)
  }
  return found
}

/** What the numbers say, in words. */
export function describeMutatedAnswers({ counts, slowest, heapMegabytes }: MutatedAnswers): string {
  const [first] = slowest
  return [
    `mutated answers: ${counts.equal} equal, ${counts.unequal} unequal, ${counts['no answer']} without an answer`,
    `heap in use, MB: ${heapMegabytes.map(megabytes => megabytes.toFixed(1)).join(', ')}`,
    `slowest: ${slowest.map(({ ms }) => `${ms.toFixed(0)} ms`).join(', ')}; first ${JSON.stringify([first?.answer.slice(0, 300), first?.expected.slice(0, 300)])}`,
  ].join('\n')
}

function isVerdict({ extracted, equal, rule }: Verdict): boolean {
  const isSure = extracted !== null || equal === false
  return (
    (extracted === null || typeof extracted === 'string') &&
    typeof equal === 'boolean' &&
    rule !== '' &&
    isSure
  )
}

function keepSlowest(slowest: MutatedAnswers['slowest'], pair: MutatedAnswers['slowest'][number]): void {
  if (slowest.length === 5 && pair.ms <= slowest[4]!.ms) return
  slowest.push(pair)
  slowest.sort((a, b) => b.ms - a.ms)
  slowest.length = Math.min(slowest.length, 5)
}

function collectedHeapMegabytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  return process.memoryUsage().heapUsed / 1e6
}
