import { excerpt, visible } from './excerpt.ts'
import type { Block } from './report-document.ts'
import type { ExampleSample, ReportExamples } from './report-examples.ts'
import { digits } from './report-numbers.ts'

const longestText = 700

/** The answers at both ends of each verdict: chosen by rule, not for what they show. */
export function examplesSection(examples: ReportExamples): Block[] {
  const cases = [
    ['The right answer of the least mean entropy', examples.leastRight],
    ['The wrong answer of the least mean entropy: sure and wrong', examples.leastWrong],
    ['The right answer of the most mean entropy: unsure and right', examples.mostRight],
    ['The wrong answer of the most mean entropy', examples.mostWrong],
  ] as const
  const shown = cases.flatMap(([title, sample]) => (sample ? exampleBlocks(title, sample) : []))
  return shown.length === 0 ? [] : [{ kind: 'heading', text: 'Examples' }, ...shown]
}

function exampleBlocks(title: string, sample: ExampleSample): Block[] {
  const { problemId, sampleIndex, extractedAnswer, expectedAnswer, rule, meanEntropyNats, mostUncertain } =
    sample
  const tokens = mostUncertain
    .map(({ text, entropyNats }) => `${visible(text ?? '?')} ${digits(entropyNats)}`)
    .join(', ')
  return [
    {
      kind: 'paragraph',
      text:
        `${title} (problem ${problemId}, answer ${sampleIndex + 1}): ${digits(meanEntropyNats, 4)} nats. Answer ${extractedAnswer === null ? 'not found' : excerpt(extractedAnswer, 80)}, ` +
        `expected ${excerpt(expectedAnswer, 80)} (${rule}). Least certain tokens, nats: ${tokens}.`,
    },
    { kind: 'quote', text: excerpt(sample.problem, longestText) },
    { kind: 'quote', text: excerpt(sample.generatedText, longestText) },
  ]
}
