import { setImmediate } from 'node:timers/promises'
import type { SampleRecord } from '../../core/record/sample.ts'
import { analyseCommand } from '../../node-runner/commands/analyse.ts'
import { Journal } from '../../node-runner/run/journal.ts'
import { analyseColumns, gradeAll, readColumns } from '../../node-runner/run/run-columns.ts'
import { readRunDescription } from '../../node-runner/run/run-description.ts'
import { writeResults } from '../../node-runner/run/write-results.ts'

/** What a process does with a run's folder each time that it is told to, as a command does without a model. */
export type ResultsTask = 'finish' | 'analyse' | 'from columns' | 'compare'

/** What such a process is told. */
export interface ResultsOrder {
  folder: string
  task: ResultsTask
  /** Samples that `finish` appends before it writes results. */
  samples: SampleRecord[]
}

/** How it ended; null where all went well. */
export type ResultsReport = string | null

const tasks: Record<ResultsTask, (order: ResultsOrder) => Promise<unknown>> = {
  async finish({ folder, samples }) {
    const journal = new Journal(`${folder}/samples.jsonl`, 'append')
    try {
      for (const sample of samples) {
        journal.append(sample)
        await setImmediate()
      }
      const run = readRunDescription(`${folder}/run.json`)!
      const graded = gradeAll(() => journal.records(run.limit), run.grading)
      writeResults(folder, run, graded(), { journalBytes: journal.byteLength })
    } finally {
      journal.close()
    }
  },
  analyse: ({ folder }) => analyseCommand().exitOverride().parseAsync([folder, '--quiet'], { from: 'user' }),
  // While the run goes on its columns lack samples, which is said.
  'from columns': ({ folder }) =>
    analyseColumns(folder, readRunDescription(`${folder}/run.json`)!).catch(error => {
      if (!/is older than samples\.jsonl/.test(String(error))) throw error
    }),
  compare: ({ folder }) => readColumns(folder, readRunDescription(`${folder}/run.json`)!),
}

process.on('message', async (order: ResultsOrder) => {
  const report: ResultsReport = await tasks[order.task](order).then(
    () => null,
    error => String(error instanceof Error ? error.stack : error),
  )
  process.send?.(report)
})
process.send?.('ready')
