import { join } from 'node:path'
import { readShardNames } from '../../core/formats/weight-files.ts'
import { InputError } from '../../core/input-error.ts'
import { tokenizerFileNames } from '../../core/tokenizer/tokenizer-files.ts'
import { openFileByteSource } from '../files/file-byte-source.ts'
import type { Progress } from '../terminal/progress.ts'
import type { HubRepository } from './hub-repository.ts'
import { type HubSettings, hubSettings } from './hub-settings.ts'
import { openSnapshot, type Snapshot } from './snapshot.ts'

/** How much of a model is needed: its config alone, all that makes prompts, or the weights too. */
export type ModelExtent = 'config' | 'prompts' | 'weights'

const promptFiles = ['config.json', 'generation_config.json', ...tokenizerFileNames]
/** What tokenizer.json holds too, where it is there. */
const vocabularyFiles = ['vocab.json', 'merges.txt']
const wholeWeights = 'model.safetensors'
const weightIndex = 'model.safetensors.index.json'

/** Has a model of the Hub in the cache, so far as it is needed, and says in which folder. Throws InputError. */
export async function fetchModel(
  repository: HubRepository,
  extent: ModelExtent,
  progress: Progress,
  settings: HubSettings = hubSettings(),
): Promise<{ path: string; revision: string }> {
  const snapshot = await openSnapshot(settings, repository, progress)
  if (!snapshot.paths.includes('config.json'))
    throw new InputError(
      `${repository.id}: has no config.json, expected a model in the layout of transformers; check the name`,
    )
  const { paths } = snapshot
  const isNeeded = (path: string) =>
    paths.includes(path) && !(paths.includes('tokenizer.json') && vocabularyFiles.includes(path))
  await snapshot.fetch(extent === 'config' ? ['config.json'] : promptFiles.filter(isNeeded))
  if (extent === 'weights') await snapshot.fetch(await weightFiles(snapshot))
  return { path: snapshot.folder, revision: snapshot.commit }
}

/** The files that hold the weights; opening the folder says so where there are none. */
async function weightFiles({ paths, folder, fetch }: Snapshot): Promise<string[]> {
  if (paths.includes(wholeWeights)) return [wholeWeights]
  if (!paths.includes(weightIndex)) return []
  await fetch([weightIndex])
  const index = await openFileByteSource(join(folder, weightIndex))
  try {
    return await readShardNames(index)
  } finally {
    await index.close()
  }
}
