import { readFile } from 'node:fs/promises'
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

/** What tokenizer.json holds too, where it is there. */
const vocabularyFiles = ['vocab.json', 'merges.txt']
/** What tokenizer_config.json holds too, as Transformers writes it since version 4.34. */
const olderFiles = ['added_tokens.json', 'special_tokens_map.json', 'chat_template.json']
const promptFiles = ['config.json', 'generation_config.json', ...tokenizerFileNames].filter(
  name => !vocabularyFiles.includes(name) && !olderFiles.includes(name),
)
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
  const fetchThere = (names: string[]) => snapshot.fetch(names.filter(name => snapshot.paths.includes(name)))
  await fetchThere(extent === 'config' ? ['config.json'] : promptFiles)
  if (extent !== 'config') await fetchThere(await furtherPromptFiles(snapshot))
  if (extent === 'weights') await snapshot.fetch(await weightFiles(snapshot))
  return { path: snapshot.folder, revision: snapshot.commit }
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
