import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Journal } from '../../node-runner/run/journal.ts'
import { takeLease } from '../../node-runner/run/run-lease.ts'
import { sampleRecord } from './sample-record.ts'

/** What a writer is started with. */
export interface WriterTask {
  folder: string
  samples: number
  napMs: number
  /** Length of an answer: long ones make lines that a signal may meet in the middle. */
  textBytes: number
  silenceMs: number
}

// A process that makes a run without a model: takes the lease of a folder, writes the samples that are not there yet, each
// after a nap, joins the journal and releases.
const { folder, samples, napMs, textBytes, silenceMs } = JSON.parse(process.argv[2]!) as WriterTask
try {
  const lease = await takeLease(folder, { times: { beatMs: 15, silenceMs } })
  const journal = new Journal(join(folder, 'samples.jsonl'), 'append', lease)
  console.log('holds')
  for (let problemIndex = 0; problemIndex < samples; problemIndex++) {
    if (journal.has({ problemIndex, sampleIndex: 0 })) continue
    journal.append(sampleRecord({ problemIndex, generatedText: `${problemIndex} `.padEnd(textBytes, 'x') }))
    await setTimeout(napMs)
  }
  journal.join()
  lease.release()
  console.log('done')
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
