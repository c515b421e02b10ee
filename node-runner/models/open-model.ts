import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readJson, settingsJson } from '../../core/files/read-json.ts'
import type { StatedEnds } from '../../core/generate/answer-end.ts'
import { InputError } from '../../core/input-error.ts'
import { type Checkpoint, openCheckpoint, openConfig } from '../../core/model/checkpoint.ts'
import { type ModelConfig, parseConfig } from '../../core/model/config.ts'
import { publishedConfig, publishedConfigNames } from '../../core/model/published-configs.ts'
import { type FileByteSource, openIfThere, readIfOpens } from '../files/file-byte-source.ts'
import { nullWhenMissing } from '../files/file-errors.ts'
import { parseRepository } from '../hub/hub-repository.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'
import type { ModelExtent } from './fetch-from-hub.ts'

/** Where weights come from: the model's files, or random numbers made on the device from a seed. */
export type LoadFormat = 'auto' | 'dummy'

/** Where a model's files are, and what it is called. */
interface ModelPlace {
  path: string
  /** What a run calls the model: the folder's name, or its id on the Hub. */
  name: string
  /** Its commit on the Hub; null of a folder. */
  revision: string | null
}

/**
 * Opens a model folder, or a model of the Hub by its id, which is downloaded where it is not in the cache; for dummy
 * weights its config is enough, or the name of a published one. Throws InputError.
 */
export async function openModel(
  model: string,
  loadFormat: LoadFormat,
  progress: Progress = createProgress(true),
): Promise<ModelFolder> {
  const isPublished = loadFormat === 'dummy' && publishedConfig(model)
  const place = isPublished
    ? { path: model, name: model, revision: null }
    : await locateModel(model, loadFormat === 'dummy' ? 'prompts' : 'weights', progress)
  if (loadFormat === 'auto') return { ...(await openModelFolder(place.path)), ...place }
  const config = await readModelConfig(place.path)
  return { ...place, config, generationConfig: null, weights: new Map(), close: async () => {} }
}

/** The folder of a model: itself, or that of an id of the Hub in the cache, with so much as is needed. Throws InputError. */
export async function locateModel(model: string, extent: ModelExtent, progress: Progress) {
  const repository = existsSync(model) ? null : parseRepository(model, 'model')
  if (!repository) return { path: model, name: basename(model), revision: null }
  const { fetchModel } = await import('./fetch-from-hub.ts')
  try {
    return { name: repository.id, ...(await fetchModel(repository, extent, progress)) }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const reason = `--model ${model}: no such folder, so it is looked up on the Hub. ${error.message}`
    throw new InputError(reason, { cause: error })
  }
}

/** The config of a model folder, of a model of the Hub, or a published one by its name. Throws InputError. */
export async function readModelConfig(
  model: string,
  progress: Progress = createProgress(true),
): Promise<ModelConfig> {
  const published = publishedConfig(model)
  if (published) return published
  const place = await locateModel(model, 'config', progress)
  const path = join(place.path, 'config.json')
  const config = await readIfOpens(path, async source =>
    parseConfig(await readJson(source, settingsJson), path),
  )
  if (config) return config
  throw new InputError(
    `--model ${model}: found no ${path}; expected a model folder, an id of the Hub (organisation/name), or one of ${publishedConfigNames.join(', ')}`,
  )
}

/** A model folder in the Hub's layout, its weight files open for ranged reads. */
export interface ModelFolder extends ModelPlace, Pick<Checkpoint, 'config' | 'generationConfig'> {
  /** Every tensor that the config expects is among them, in its shape. */
  weights: Checkpoint['entries']
  /** Closes the files; the entries of `weights` cannot be read any more. */
  close(): Promise<void>
}

/** What a model's configs say of where its answers end. */
export function statedEnds({
  config,
  generationConfig,
}: Pick<ModelFolder, 'config' | 'generationConfig'>): StatedEnds {
  return { config: config.eosTokenIds, generationConfig: generationConfig?.eosTokenIds ?? null }
}

/** Opens a model folder and checks all of it but the tensors' data, which it does not read. Throws InputError. */
export async function openModelFolder(path: string): Promise<ModelFolder> {
  const stats = await stat(path).catch(nullWhenMissing)
  if (!stats?.isDirectory())
    throw new InputError(
      `${path}: no such folder; expected a model folder with config.json, model.safetensors and tokenizer.json`,
    )
  const opened: FileByteSource[] = []
  const open = async (name: string) => {
    const source = await openIfThere(join(path, name))
    if (source) opened.push(source)
    return source
  }
  const close = async () => void (await Promise.all(opened.splice(0).map(source => source.close())))
  try {
    const files = { name: path, open }
    const config = await openConfig(
      files,
      "config.json is missing; expected a model folder in the Hub's layout, check the path",
    )
    const { generationConfig, entries: weights } = await openCheckpoint(files, config)
    return { path, name: basename(path), revision: null, config, generationConfig, weights, close }
  } catch (error) {
    await close()
    throw error
  }
}
