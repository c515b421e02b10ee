import { join } from 'node:path'
import { Command, Option } from 'commander'
import { formatVersion } from '../../core/record/run-files.ts'
import { calibratedSamples } from '../../core/study/analyse-run.ts'
import { isPart, partWarning } from '../../core/study/coverage.ts'
import { describeExport, type ExportFormat, exportFormats, writeExport } from '../run/export-run.ts'
import { Journal } from '../run/journal.ts'
import { gradeAll } from '../run/run-columns.ts'
import { requireRun } from '../run/run-description.ts'

interface ExportFlags {
  format: ExportFormat
  out?: string
  json: boolean
  quiet: boolean
}

/** `entrace export`: writes a run in the format of another tool. */
export function exportCommand(): Command {
  return new Command('export')
    .description("write a run's finished samples in the format of another tool")
    .argument('<dir>', 'folder of the run')
    .addOption(
      new Option(
        '--format <format>',
        Object.entries(exportFormats)
          .map(([name, what]) => `${name}: ${what}`)
          .join('; '),
      )
        .choices(Object.keys(exportFormats))
        .makeOptionMandatory(),
    )
    .option(
      '--out <path>',
      'file to write; of lm-eval the folder, or FILE.jsonl for the samples alone (default: in the folder of the run, as the format names it)',
    )
    .option('--json', 'print one JSON document on standard output', false)
    .option('--quiet', 'print nothing but errors', false)
    .action(exportRun)
}

async function exportRun(folder: string, flags: ExportFlags): Promise<void> {
  const description = requireRun(folder, 'samples.jsonl')
  const journal = new Journal(join(folder, 'samples.jsonl'), 'read')
  try {
    const run = describeExport(folder, description, journal)
    const graded = calibratedSamples(gradeAll(() => journal.records(description.limit), description.grading))
    const count = { samples: 0, failed: 0 }
    const samples = function* () {
      Object.assign(count, { samples: 0, failed: 0 })
      for (const sample of graded()) {
        count.samples++
        if (sample.finishReason === 'error') count.failed++
        yield sample
      }
    }
    const files = writeExport(flags.format, { folder, run, out: flags.out }, samples)
    const leftOut = flags.format === 'openai' ? count.failed : 0
    const written = count.samples - leftOut
    const { of } = run.coverage
    const { format } = flags
    if (flags.json)
      console.log(
        JSON.stringify({ formatVersion, format, file: files[0], files, samples: written, leftOut, of }),
      )
    else if (!flags.quiet)
      console.log(`${written}${isPart(run.coverage) ? ` of ${of}` : ''} samples in ${files[0]}`)
    const part = partWarning(run.coverage)
    if (part !== null && !flags.quiet) console.error(`warning: ${part}`)
    if (leftOut > 0 && !flags.quiet)
      console.error(`warning: ${leftOut} samples failed and are left out, as a chat completion cannot say so`)
  } finally {
    journal.close()
  }
}
