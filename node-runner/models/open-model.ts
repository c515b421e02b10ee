import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { readJson, settingsJson } from '../../core/files/read-json.ts'
import type { ModelFiles } from '../../core/files/weight-files.ts'
import type { StatedEnds } from '../../core/generate/answer-end.ts'
import { InputError } from '../../core/input-error.ts'
import { type Checkpoint, openCheckpoint, openConfig } from '../../core/model/checkpoint.ts'
import { type ModelConfig, parseConfig } from '../../core/model/config.ts'
import { ggufModelName, ggufModels, isGgufName } from '../../core/model/gguf-files.ts'
import { openGgufModel } from '../../core/model/gguf-model.ts'
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
  /** A folder in the Hub's layout, or a file in GGUF: of a sharded one the first. */
  path: string
  /** What a run calls the model: the name of its folder or file, or its id on the Hub. */
  name: string
  /** Its commit on the Hub; null of a folder or a file. */
  revision: string | null
  /** Of a model in GGUF its file: by name, or by its path in the repository. */
  file?: string
  /** Where its header alone is needed and the file is on the Hub alone, that. */
  remote?: { files: ModelFiles; file: string }
}

/**
 * Opens a model folder, a file in GGUF, or a model of the Hub by its id, which is downloaded where it is not in the cache; for dummy
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
  const opened = loadFormat === 'auto' ? await openModelAt(place.path) : null
  const config = opened?.config ?? (await readModelConfig(place.path))
  for (const warning of config.warnings ?? []) progress.say(warning)
  if (opened) return { ...opened, ...place }
  return { ...place, config, generationConfig: null, weights: new Map(), close: async () => {} }
}

/** Opens the model at a path of this machine. Throws InputError. */
function openModelAt(path: string): Promise<ModelFolder> {
  return isGgufName(path) ? openGgufFile(path) : openModelFolder(path)
}

/**
 * Where a model lies: a folder in the Hub's layout, a file in GGUF, or the one that a folder without config.json holds; or an id of the
 * Hub in the cache, with so much as is needed. Behind a colon an id has the type of one of its files in GGUF, or its path. Throws InputError.
 */
export async function locateModel(
  model: string,
  extent: ModelExtent,
  progress: Progress,
): Promise<ModelPlace> {
  if (existsSync(model)) return placeAt(model, (await stat(model)).isDirectory())
  const [, id = '', type = null] =
    /^(?:(?:https:\/\/)?(?:hf\.co|huggingface\.co)\/)?([^:]*)(?::([\w./-]+))?$/.exec(model) ?? []
  const repository = isGgufName(id) ? null : parseRepository(id, 'model')
  if (!repository) return { path: model, name: basename(model), revision: null }
  const { fetchModel } = await import('./fetch-from-hub.ts')
  try {
    return { name: repository.id, ...(await fetchModel(repository, extent, progress, type)) }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const reason = `--model ${model}: no such folder, so it is looked up on the Hub. ${error.message}`
    throw new InputError(reason, { cause: error })
  }
}

/** A folder of this machine, or a file. Throws InputError where a folder has no config.json and more than one model in GGUF. */
async function placeAt(path: string, isFolder: boolean): Promise<ModelPlace> {
  const ofFile = (file: string) => ({
    path: file,
    name: ggufModelName(file),
    revision: null,
    file: basename(file),
  })
  if (!isFolder) return ofFile(path)
  const place = { path, name: basename(path), revision: null }
  if (existsSync(join(path, 'config.json'))) return place
  const models = ggufModels(await readdir(path))
  if (models.length > 1)
    throw new InputError(
      `--model ${path}: found ${models.join(', ')}, expected one model in a folder without config.json; name the file`,
    )
  return models[0] === undefined ? place : ofFile(join(path, models[0]))
}

/** The config of a model folder, of a model of the Hub, or a published one by its name. Throws InputError. */
export async function readModelConfig(model: string, progress?: Progress): Promise<ModelConfig> {
  return (await readModelHeader(model, progress)).config
}

/** A model's config, and where its tensors lie where that is read with it: in GGUF. Throws InputError. */
export async function readModelHeader(
  model: string,
  progress: Progress = createProgress(true),
): Promise<{ config: ModelConfig; entries: Checkpoint['entries'] | null }> {
  const published = publishedConfig(model)
  if (published) return { config: published, entries: null }
  const place = await locateModel(model, 'config', progress)
  if (place.remote) return openGgufModel(place.remote.files, place.remote.file)
  if (isGgufName(place.path)) {
    const { config, weights: entries, close } = await openGgufFile(place.path)
    await close()
    return { config, entries }
  }
  const path = join(place.path, 'config.json')
  const config = await readIfOpens(path, async source =>
    parseConfig(await readJson(source, settingsJson), path),
  )
  if (config) return { config, entries: null }
  throw new InputError(
    `--model ${model}: found no ${path}; expected a model folder, a file in GGUF, an id of the Hub (organisation/name), or one of ${publishedConfigNames.join(', ')}`,
  )
}

/** A model folder in the Hub's layout, or a model in GGUF, its weight files open for ranged reads. */
export interface ModelFolder extends ModelPlace, Pick<Checkpoint, 'config' | 'generationConfig'> {
  /** Every tensor that the config expects is among them, in its shape. */
  weights: Checkpoint['entries']
  /** Closes the files; the entries of `weights` cannot be read any more. */
  close(): Promise<void>
}

/** What a model's configs say of where its answers end. */
export function statedEnds({
  path,
  config,
  generationConfig,
}: Pick<ModelFolder, 'path' | 'config' | 'generationConfig'>): StatedEnds {
  const ends = { config: config.eosTokenIds, generationConfig: generationConfig?.eosTokenIds ?? null }
  return isGgufName(path) ? { ...ends, isGguf: true } : ends
}

/** Opens a model folder and checks all of it but the tensors' data, which it does not read. Throws InputError. */
export async function openModelFolder(path: string): Promise<ModelFolder> {
  const stats = await stat(path).catch(nullWhenMissing)
  if (stats && !stats.isDirectory())
    throw new InputError(
      `${path}: is a file, expected a model folder or a file in GGUF, whose name ends in .gguf; check the path`,
    )
  if (!stats)
    throw new InputError(
      `${path}: no such folder; expected a model folder with config.json, model.safetensors and tokenizer.json`,
    )
  return openFiles(path, async files => {
    const config = await openConfig(
      files,
      "config.json is missing; expected a model folder in the Hub's layout, check the path",
    )
    const { generationConfig, entries: weights } = await openCheckpoint(files, config)
    return { path, name: basename(path), revision: null, config, generationConfig, weights }
  })
}

/** Opens a model in GGUF, with all its shards, and checks all of it but the tensors' data, which it does not read. Throws InputError. */
export async function openGgufFile(path: string): Promise<ModelFolder> {
  if (!existsSync(path))
    throw new InputError(
      `${path}: no such file; expected a file in GGUF, a model folder, or an id of the Hub (organisation/name)`,
    )
  return openFiles(dirname(path), async files => {
    const { config, generationConfig, entries } = await openGgufModel(files, basename(path))
    return { path, name: ggufModelName(path), revision: null, config, generationConfig, weights: entries }
  })
}

/** What is made of files of a folder that stay open until it is closed; they are closed where that fails. */
async function openFiles<T>(folder: string, open: (files: ModelFiles) => Promise<T>) {
  const opened: FileByteSource[] = []
  const close = async () => void (await Promise.all(opened.splice(0).map(source => source.close())))
  try {
    const files = {
      name: folder,
      async open(name: string) {
        const source = await openIfThere(join(folder, name))
        if (source) opened.push(source)
        return source
      },
    }
    return { ...(await open(files)), close }
  } catch (error) {
    await close()
    throw error
  }
}
