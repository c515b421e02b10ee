import { join } from 'node:path'
import { readJson } from '../../core/formats/read-json.ts'
import { InputError } from '../../core/input-error.ts'
import { type ModelConfig, parseConfig } from '../../core/model/config.ts'
import { publishedConfig, publishedConfigNames } from '../../core/model/published-configs.ts'
import { openFileByteSource } from './file-byte-source.ts'
import { type ModelFolder, openModelFolder } from './open-model-folder.ts'

/** Where weights come from: the model's files, or random numbers made on the device from a seed. */
export type LoadFormat = 'auto' | 'dummy'

/** Opens a model folder; for dummy weights its config is enough, or the name of a published one. Throws InputError. */
export async function openModel(model: string, loadFormat: LoadFormat): Promise<ModelFolder> {
  if (loadFormat === 'auto') return openModelFolder(model)
  const config = await readModelConfig(model)
  const { eosTokenIds } = config
  return {
    path: model,
    config,
    generationConfig: null,
    eosTokenIds,
    weights: new Map(),
    close: async () => {},
  }
}

/** The config of a model folder, or a published one by its name. Throws InputError. */
export async function readModelConfig(model: string): Promise<ModelConfig> {
  const published = publishedConfig(model)
  if (published) return published
  const path = join(model, 'config.json')
  const source = await openFileByteSource(path).catch(() => null)
  if (!source)
    throw new InputError(
      `--model ${model}: found no ${path}; expected a model folder, or one of ${publishedConfigNames.join(', ')}`,
    )
  try {
    return parseConfig(await readJson(source), path)
  } finally {
    await source.close()
  }
}
