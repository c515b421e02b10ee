import { droppedRun } from '../data/named-source.ts'
import type { OpenRun } from '../data/open-run.ts'
import type { OpenedSample } from '../data/opened-sample.ts'
import { sampleName } from '../state/route.ts'

/** One of the answers that are compared. */
export interface ComparedSample {
  /** A to D: what it is called in the comparison. */
  letter: string
  sample: OpenedSample
  run: OpenRun
  /** Address of its run, as the route has it; null for the run that is shown. */
  address: string | null
}

/** The letter of an answer by its place. */
export function letterOf(place: number): string {
  return 'ABCD'[place]!
}

/** "sample 0.1", and of which run where that is not the one that is shown. */
export function nameOfSample({ sample, address }: ComparedSample): string {
  const name = `sample ${sampleName(sample.problemIndex, sample.sampleIndex)}`
  return address === null ? name : `${name} of ${address === droppedRun ? 'the chosen files' : address}`
}

/** What the other run is called at the beginning of a sentence. */
export function runName(address: string): string {
  return address === droppedRun ? 'The run of the chosen files' : `The run at ${address}`
}
