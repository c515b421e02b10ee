import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { DataSetOptions } from '../../core/evaluate/data-set-columns.ts'
import { dataSetEnding, dataSetEndings } from '../../core/evaluate/data-set-rows.ts'
import { findKnownDataSet, type KnownDataSet, knownDataSets } from '../../core/evaluate/hub-data-sets.ts'
import { type DataSet, readDataSet } from '../../core/evaluate/read-data-set.ts'
import { InputError } from '../../core/input-error.ts'
import { type FileByteSource, openNamedFile } from '../files/file-byte-source.ts'
import { readDataSetApart } from '../files/read-parquet.ts'
import { type HubRepository, parseRepository } from '../hub/hub-repository.ts'
import type { Progress } from '../terminal/progress.ts'

/** What names a data set on the command line. */
export interface DataSetChoice {
  /** A file, a known name, or an id of the Hub with or without @revision. */
  dataset: string
  /** Subsets of a data set of the Hub, as a,b. */
  config?: string | undefined
  split?: string | undefined
  problemColumn?: string | undefined
  answerColumn?: string | undefined
  /** Whether the columns are those of another data set, and are guessed where this one lacks them. */
  isNamedForAnother?: boolean
}

/** A data set that was read, and where it is from; `revision`, `config` and `split` are null of a file. */
export type OpenedDataSet = Awaited<ReturnType<typeof openDataSet>>

/** Reads a data set of this machine or of the Hub. Throws InputError. */
export async function openDataSet(choice: DataSetChoice, progress: Progress) {
  const { dataset, config, split, problemColumn, answerColumn, isNamedForAnother = false } = choice
  const onHub = existsSync(dataset) ? null : findOnHub(dataset)
  if (onHub === null) {
    if (config !== undefined || split !== undefined)
      throw new InputError(
        `${dataset}: a file has no subsets and splits; leave out --config and --split, or name a data set of the Hub`,
      )
    return {
      ...(await readFiles([dataset], { problemColumn, answerColumn, isNamedForAnother })),
      name: basename(dataset),
      revision: null,
      config: null,
      split: null,
      known: undefined,
    }
  }
  const { repository, known } = onHub
  const { fetchDataSet } = await import('./fetch-from-hub.ts')
  const wanted = { configs: config?.split(',') ?? known?.configs ?? undefined, split: split ?? known?.split }
  const fetched = await fetchDataSet(repository, wanted, progress)
  const read = await readFiles(fetched.paths, {
    problemColumn: problemColumn ?? known?.problemColumn,
    answerColumn: answerColumn ?? known?.answerColumn,
    isNamedForAnother,
  })
  const isPublished = config === undefined && fetched.split === known?.split
  if (known && isPublished && read.problems.length !== known.rows)
    progress.say(
      `${known.id}: has ${read.problems.length} problems here, ${known.rows} when it was published`,
    )
  return {
    ...read,
    name: repository.id,
    revision: fetched.revision,
    config: fetched.configs.join(','),
    split: fetched.split,
    known,
  }
}

/** The repository that a name means; null where it can only be a file. */
function findOnHub(name: string): { repository: HubRepository; known: KnownDataSet | undefined } | null {
  if (dataSetEnding(name) !== null) return null
  const [id = '', ...revision] = name.replace(/^datasets\//, '').split('@')
  const known = findKnownDataSet(id)
  const repository = parseRepository([known?.id ?? id, ...revision].join('@'), 'dataset')
  return repository && { repository, known }
}

async function readFiles(paths: readonly string[], columns: DataSetOptions): Promise<DataSet> {
  const names = knownDataSets.map(({ aliases }) => aliases[0]).join(', ')
  const expected =
    `expected a data set (${dataSetEndings}), an id of the Hub (organisation/name), ` +
    `or one of ${names}; check --dataset`
  const sources: FileByteSource[] = []
  try {
    for (const path of paths) sources.push(await openNamedFile(path, expected))
    return await readDataSet(sources, columns, ({ name }) => readDataSetApart(name, columns))
  } finally {
    await Promise.all(sources.map(source => source.close()))
  }
}
