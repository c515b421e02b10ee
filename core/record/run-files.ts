import { InputError } from '../input-error.ts'

/** Version of every file a run leaves; a reader refuses a newer major version by name. */
export const formatVersion = '1.0'

/** Throws InputError for a file of a newer major version, which may mean other things by the same names. */
export function refuseNewerFormat(where: string, version: unknown): void {
  const major = (value: string) => Number.parseInt(value, 10)
  if (typeof version !== 'string' || !(major(version) <= major(formatVersion)))
    throw new InputError(
      `${where}: format version ${JSON.stringify(version)}, expected ${major(formatVersion)}.x; use the version of entrace that wrote it`,
    )
}

/** A file that a run's folder may hold, or several of one content. */
export interface RunFile {
  names: readonly string[]
  /** Names of further files of its kind, which are numbered. */
  numbered?: RegExp
  /** What is in it, for a reader of the report. */
  holds: string
}

/** Every file of a run: what its report lists, what may be served of its folder, and what is read there. */
export const runFiles: readonly RunFile[] = [
  { names: ['run.json'], holds: 'settings, versions, and a hash of all that determines a number' },
  {
    names: ['samples.jsonl'],
    numbered: /^samples-[1-9]\d{0,8}\.jsonl$/,
    holds: 'the journal: every sample with every token',
  },
  { names: ['samples.index.jsonl'], holds: 'where each line of the journal lies, with its digest' },
  { names: ['all_results.json'], holds: 'every answer with its verdict and its tokens' },
  { names: ['summary.parquet'], holds: 'a row a sample: verdict, lengths and every score' },
  { names: ['traces.parquet'], holds: 'a row a sample: texts, and tokens as lists' },
  { names: ['analysis.json'], holds: 'every number of the report' },
  { names: ['entropy_analysis.svg', 'entropy_analysis.png'], holds: 'the four panels' },
  { names: ['report.md', 'report.html'], holds: 'the report; the HTML holds all figures' },
  {
    names: ['README.md'],
    holds: 'a card of the run, as the Hub has it of a data set; without a digest, as it may be edited',
  },
  { names: ['manifest.json'], holds: 'sizes and digests of the others, by which damage is found' },
]

/** Whether a name is that of a file of a run. */
export function isRunFile(name: string): boolean {
  return runFiles.some(({ names, numbered }) => names.includes(name) || numbered?.test(name) === true)
}
