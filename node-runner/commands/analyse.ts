import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { gradeAnswer } from '../../core/evaluate/grade-answer.ts'
import type { SampleRecord } from '../../core/formats/sample-record.ts'
import { InputError } from '../../core/input-error.ts'
import { Journal } from '../run/journal.ts'
import { readRunDescription } from '../run/run-description.ts'
import { summariseRun } from '../run/summarise-run.ts'
import { writeResults } from '../run/write-results.ts'

/** `entrace analyse`: grades, analyses and draws a run again from its journal; runs no model. */
export function analyseCommand(): Command {
  return new Command('analyse')
    .description("grade, analyse and draw a run's finished samples again; runs no model")
    .argument('<dir>', 'folder of the run')
    .option('--json', 'print the analysis as one JSON document', false)
    .option('--quiet', 'print nothing but errors', false)
    .action((folder: string, flags: { json: boolean; quiet: boolean }) => {
      const description = readRunDescription(join(folder, 'run.json'))
      const journalPath = join(folder, 'samples.jsonl')
      if (!description || !existsSync(journalPath))
        throw new InputError(
          `${folder}: expected a run's folder with run.json and samples.jsonl; check the path`,
        )
      const journal = new Journal(journalPath, 'read')
      try {
        const graded = () => gradeAll(journal.records(description.limit))
        const { analysis, files } = writeResults(folder, description, graded)
        if (flags.json) console.log(JSON.stringify(analysis, null, 2))
        else if (!flags.quiet) console.log(summariseRun(analysis, files))
        if (!flags.quiet) for (const warning of analysis.warnings) console.error(`warning: ${warning}`)
      } finally {
        journal.close()
      }
    })
}

function* gradeAll(samples: Iterable<SampleRecord>): Generator<SampleRecord> {
  for (const sample of samples) yield gradeAgain(sample)
}

function gradeAgain(sample: SampleRecord): SampleRecord {
  if (sample.finishReason === 'error') return sample
  const { extracted, equal, rule } = gradeAnswer(sample.generatedText, sample.expectedAnswer)
  return { ...sample, extractedAnswer: extracted, correct: equal, rule }
}
