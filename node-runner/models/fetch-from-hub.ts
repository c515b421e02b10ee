import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chooseSplits, listSplits, type SplitChoice } from '../../core/evaluate/hub-data-sets.ts'
import { type ModelFiles, readShardNames } from '../../core/files/weight-files.ts'
import { InputError } from '../../core/input-error.ts'
import { chooseGguf, ggufModels, ggufShardNames } from '../../core/model/gguf-files.ts'
import { tokenizerFileNames } from '../../core/tokenizer/tokenizer-files.ts'
import { openFileByteSource } from '../files/file-byte-source.ts'
import { type HubSettings, HubUnreachableError, hubSettings } from '../hub/hub-fetch.ts'
import type { HubRepository } from '../hub/hub-repository.ts'
import { openSnapshot, type Snapshot } from '../hub/snapshot.ts'
import type { Progress } from '../terminal/progress.ts'

const extensions = ['parquet', 'jsonl', 'csv']

/** Where the Hub keeps what it converted to Parquet. */
const convertedRevision = 'refs/convert/parquet'

/**
 * Has a split of a data set of the Hub in the cache: from its own Parquet files, else its JSON Lines or CSV, else the
 * Parquet files that the Hub converted: `paths` in the order of their rows, with the subsets and the split that were chosen.
 * Throws InputError, with what there is when subset or split must be chosen.
 */
export async function fetchDataSet(repository: HubRepository, choice: SplitChoice, progress: Progress) {
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

function splitsOf(snapshot: Snapshot) {
  return extensions
    .map(extension => ({ snapshot, splits: listSplits(snapshot.repository.id, snapshot.paths, extension) }))
    .find(({ splits }) => splits.length > 0)
}

async function convertedSplits(settings: HubSettings, repository: HubRepository, progress: Progress) {
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

/** How much of a model is needed: its config alone, all that makes prompts, or the weights too. */
export type ModelExtent = 'config' | 'prompts' | 'weights'

/** What tokenizer.json holds too, where it is there. */
const vocabularyFiles = ['vocab.json', 'merges.txt']
/** What tokenizer_config.json holds too, as Transformers writes it since version 4.34. */
const olderFiles = ['added_tokens.json', 'special_tokens_map.json', 'chat_template.json']
const promptFiles = ['config.json', 'generation_config.json', ...tokenizerFileNames].filter(
  name => !vocabularyFiles.includes(name) && !olderFiles.includes(name),
)
const wholeWeights = 'model.safetensors'
const weightIndex = 'model.safetensors.index.json'

/** Where a model of the Hub is. */
export interface FetchedModel {
  path: string
  revision: string
  /** Of a model in GGUF the path of its file in the repository. */
  file?: string
  /** Where its header alone is needed and the file is not in the cache, the file on the Hub. */
  remote?: { files: ModelFiles; file: string }
}

/**
 * Has a model of the Hub in the cache, so far as it is needed, and says where: in which folder, or in which file where it is one in GGUF.
 * That is chosen by its type, or where the repository holds nothing else. Throws InputError.
 */
export async function fetchModel(
  repository: HubRepository,
  extent: ModelExtent,
  progress: Progress,
  ggufType: string | null = null,
  settings: HubSettings = hubSettings(),
): Promise<FetchedModel> {
  const snapshot = await openSnapshot(settings, repository, progress)
  const { paths, folder, commit: revision } = snapshot
  const hasCheckpoint =
    paths.includes('config.json') && (paths.includes(wholeWeights) || paths.includes(weightIndex))
  if (ggufType !== null || (!hasCheckpoint && ggufModels(paths).length > 0)) {
    const file = chooseGguf(repository.id, paths, ggufType)
    const place = { path: join(folder, file), revision, file }
    const shards = ggufShardNames(file)
    // What a model costs its headers say, of some MB where the file has GB.
    const remote = extent === 'config' ? snapshot.remote(shards) : null
    if (remote) return { ...place, remote: { files: remote, file } }
    await snapshot.fetch(shards)
    return place
  }
  if (!paths.includes('config.json'))
    throw new InputError(
      `${repository.id}: has no config.json and no .gguf file, expected a model in the layout of transformers or in GGUF; check the name`,
    )
  const fetchThere = (names: string[]) => snapshot.fetch(names.filter(name => paths.includes(name)))
  await fetchThere(extent === 'config' ? ['config.json'] : promptFiles)
  if (extent !== 'config') await fetchThere(await furtherPromptFiles(snapshot))
  if (extent === 'weights') await snapshot.fetch(await weightFiles(snapshot))
  return { path: folder, revision }
}

/** What a prompt needs beside the files of every model: a cache without the others is whole. */
async function furtherPromptFiles({ paths, folder }: Snapshot): Promise<string[]> {
  const name = 'tokenizer_config.json'
  const config = paths.includes(name) ? await readFile(join(folder, name), 'utf8') : ''
  const says = (key: string) => config.includes(`"${key}"`)
  const isWhole =
    says('added_tokens_decoder') &&
    says('eos_token') &&
    (says('chat_template') || paths.includes('chat_template.jinja'))
  return [...(paths.includes('tokenizer.json') ? [] : vocabularyFiles), ...(isWhole ? [] : olderFiles)]
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
