import type { SampleRecord } from '../../core/record/sample.ts'
import type { TokenRecord } from '../../core/record/token.ts'
import { sampleRecord, tokenRecord } from '../support/sample-record.ts'

// Mathematics, scripts that are written from right to left, and characters of several bytes, as an answer may hold them.
const paragraphs = [
  'Let \\(x\\) be the number of apples. Then \\(x^2 - 5x + 6 = 0\\), so that\n\n',
  '\\[x = \\frac{5 \\pm \\sqrt{25 - 24}}{2} = \\frac{5 \\pm 1}{2}.\\]\n\n',
  'Both $x = 2$ and $x = 3$ solve it; a price of $5 or $7 is no formula.\n',
  '数学の答えは三です。그래서 답은 3입니다. Emoji 😀🧮 stay whole.\n',
  'وبالتالي فإن الجواب هو ٣.\n\n',
  '\tif (x > 2) {\n\t\treturn  x;\n\t}\n\nWe check each case by hand, and find that the second holds.\n\n',
]

/** An answer of so many tokens: bytes cut so that characters are split, with a spike of entropy every 97 tokens. */
export function longSample(problemIndex: number, count: number): SampleRecord {
  const ending = 'Therefore the answer is \\boxed{3}.'
  const bytes: Uint8Array[] = []
  const encoder = new TextEncoder()
  const source = encoder.encode(paragraphs.join(''))
  for (let at = 0, index = 0; bytes.length < count - 12; index++) {
    // Words of ASCII in fours or so; other characters in twos, so that most are split.
    const size = source[at % source.length]! < 0x80 ? 2 + ((index * 7) % 4) : 2
    const piece = source.subarray(at % source.length, (at % source.length) + size)
    bytes.push(piece)
    at += piece.length
  }
  const end = encoder.encode(ending)
  for (let index = 0; index < 12; index++)
    bytes.push(end.subarray(index * 3, index === 11 ? end.length : index * 3 + 3))
  const generatedText = new TextDecoder().decode(joined(bytes))
  const decoder = new TextDecoder()
  const texts = bytes.map(piece => decoder.decode(piece))
  const tokens = texts.map((text, index) => madeToken(index, text))
  return answerOf(problemIndex, generatedText, tokens, {
    problem:
      'A basket holds \\(x\\) apples, and \\(x^2 - 5x + 6 = 0\\). How many are there, if more than two?',
    extractedAnswer: '3',
    expectedAnswer: '3',
    correct: true,
    rule: 'boxed, equal as rationals',
  })
}

/** Texts that would harm a page that took them for markup, and one token of 100,000 characters. */
export const hostileTexts = [
  '<script>window.harmed = 1</script>',
  '<img src=x onerror="window.harmed = 1">',
  '\u202Etxt.exe\u202C',
  'שלום עולם',
  `Z${'\u0301\u0323'.repeat(60)}`,
  '\u0000\u0007\u200B\uFEFF',
  '$\\href{javascript:window.harmed=1}{x}$',
  '$\\def\\a{\\a\\a}\\a$',
  'x'.repeat(100_000),
  '</div></body>',
]

/** A sample whose every text is hostile: its problem, its prompt, its answer, its verdict. */
export function hostileSample(problemIndex: number): SampleRecord {
  const tokens = hostileTexts.map((text, index) => madeToken(index * 97, text))
  const markup = hostileTexts[1]!
  return answerOf(problemIndex, hostileTexts.join(''), tokens, {
    problem: markup,
    prompt: hostileTexts[0]!,
    extractedAnswer: markup,
    expectedAnswer: hostileTexts[0]!,
    correct: false,
    rule: markup,
  })
}

/** A token whose numbers follow from its place and agree with one another. */
function madeToken(index: number, text: string): TokenRecord {
  const isSpike = index % 97 === 50
  const wave = (Math.sin(index * 1.7) + Math.sin(index * 0.37)) ** 4 / 16.1 + 0.003
  // Of three alternatives; the chosen one is the second where the entropy has a spike.
  const first = isSpike ? 0.4 : 1 - 0.3 * wave
  const second = isSpike ? 0.3 : (1 - first) * 0.6
  const third = isSpike ? 0.2 : (1 - first) * 0.3
  const tailMass = 1 - first - second - third
  const id = 1000 + (index % 50)
  return tokenRecord({
    id,
    text,
    entropyNats: isSpike ? 1.9 : 0.9 * wave,
    varentropy: isSpike ? 1.2 : 0.8 * wave,
    logprob: Math.log(isSpike ? second : first),
    margin: first - second,
    rank: isSpike ? 1 : 0,
    topIds: isSpike ? [7, id, 8] : [id, 7, 8],
    topLogprobs: [first, second, third].map(Math.log),
    tailMass,
  })
}

function answerOf(
  problemIndex: number,
  generatedText: string,
  tokens: TokenRecord[],
  changes: Partial<SampleRecord>,
): SampleRecord {
  const entropies = tokens.map(token => token.entropyNats)
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  return sampleRecord({
    problemId: `made-${problemIndex}`,
    problemIndex,
    generatedText,
    tokens,
    generatedTokens: tokens.length,
    meanEntropyNats: sum(entropies) / tokens.length,
    maxEntropyNats: Math.max(...entropies),
    sumLogprob: sum(tokens.map(token => token.logprob)),
    durationMs: tokens.length * 25,
    ...changes,
  })
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap(piece => [...piece]))
}
