import { join } from 'node:path'
import {
  chooseSplits,
  type DataSetSplit,
  listSplits,
  type SplitChoice,
} from '../../core/evaluate/data-set-splits.ts'
import { InputError } from '../../core/input-error.ts'
import type { Progress } from '../terminal/progress.ts'
import { HubUnreachableError } from './hub-fetch.ts'
import type { HubRepository } from './hub-repository.ts'
import { type HubSettings, hubSettings } from './hub-settings.ts'
import { openSnapshot, type Snapshot } from './snapshot.ts'

/** The files of a data set's split in the cache. */
export interface FetchedDataSet {
  /** In the order of their rows. */
  paths: string[]
  revision: string
  /** The subsets and the split that were chosen, also where there was no choice. */
  configs: string[]
  split: string
}

const extensions = ['parquet', 'jsonl', 'csv']

/** Where the Hub keeps what it converted to Parquet. */
const convertedRevision = 'refs/convert/parquet'

/**
 * Has a split of a data set of the Hub in the cache: from its own Parquet files, else its JSON Lines or CSV, else the
 * Parquet files that the Hub converted. Throws InputError, with what there is when subset or split must be chosen.
 */
export async function fetchDataSet(
  repository: HubRepository,
  choice: SplitChoice,
  progress: Progress,
): Promise<FetchedDataSet> {
  const settings = hubSettings()
  const own = await openSnapshot(settings, repository, progress)
  const { snapshot, splits } = splitsOf(own) ?? (await convertedSplits(settings, repository, progress))
  const chosen = chooseSplits(repository.id, splits, choice)
  const paths = chosen.flatMap(split => split.paths)
  await snapshot.fetch(paths)
  return {
    paths: paths.map(path => join(snapshot.folder, path)),
    revision: snapshot.commit,
    configs: chosen.map(({ config }) => config),
    split: chosen[0]!.split,
  }
}

interface FoundSplits {
  snapshot: Snapshot
  splits: DataSetSplit[]
}

function splitsOf(snapshot: Snapshot): FoundSplits | undefined {
  return extensions
    .map(extension => ({ snapshot, splits: listSplits(snapshot.repository.id, snapshot.paths, extension) }))
    .find(({ splits }) => splits.length > 0)
}

async function convertedSplits(
  settings: HubSettings,
  repository: HubRepository,
  progress: Progress,
): Promise<FoundSplits> {
  const { id, revision } = repository
  const nothing = `${id}: revision ${revision} holds no ${extensions.map(name => `.${name}`).join(', ')} files`
  try {
    const converted = await openSnapshot(settings, { ...repository, revision: convertedRevision }, progress)
    const found = splitsOf(converted)
    if (found) return found
  } catch (error) {
    if (!(error instanceof InputError) || error instanceof HubUnreachableError) throw error
    throw new InputError(`${nothing}, nor has it been converted: ${error.message}`, { cause: error })
  }
  throw new InputError(`${nothing}, nor does ${convertedRevision}; convert it and give --dataset the file`)
}
