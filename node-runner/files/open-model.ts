import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readJson, settingsJson } from '../../core/formats/read-json.ts'
import { InputError } from '../../core/input-error.ts'
import { type ModelConfig, parseConfig } from '../../core/model/config.ts'
import { publishedConfig, publishedConfigNames } from '../../core/model/published-configs.ts'
import type { ModelExtent } from '../hub/fetch-model.ts'
import { parseRepository } from '../hub/hub-repository.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'
import { openFileByteSource } from './file-byte-source.ts'
import { type ModelFolder, openModelFolder } from './open-model-folder.ts'

/** Where weights come from: the model's files, or random numbers made on the device from a seed. */
export type LoadFormat = 'auto' | 'dummy'

/** Where a model's files are, and what it is called. */
export interface ModelPlace {
  path: string
  name: string
  /** Commit on the Hub; null of a folder. */
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
  return {
    ...place,
    config,
    generationConfig: null,
    weights: new Map(),
    close: async () => {},
  }
}

/** The folder of a model: itself, or that of an id of the Hub in the cache, with so much as is needed. Throws InputError. */
export async function locateModel(
  model: string,
  extent: ModelExtent,
  progress: Progress,
): Promise<ModelPlace> {
  const repository = existsSync(model) ? null : parseRepository(model, 'model')
  if (!repository) return { path: model, name: basename(model), revision: null }
  const { fetchModel } = await import('../hub/fetch-model.ts')
  try {
    return { name: repository.id, ...(await fetchModel(repository, extent, progress)) }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(
      `--model ${model}: no such folder, so it is looked up on the Hub. ${error.message}`,
      {
        cause: error,
      },
    )
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
  const source = await openFileByteSource(path).catch(() => null)
  if (!source)
    throw new InputError(
      `--model ${model}: found no ${path}; expected a model folder, an id of the Hub (organisation/name), or one of ${publishedConfigNames.join(', ')}`,
    )
  try {
    return parseConfig(await readJson(source, settingsJson), path)
  } finally {
    await source.close()
  }
}
