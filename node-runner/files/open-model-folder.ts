import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readJson, settingsJson } from '../../core/formats/read-json.ts'
import type { TensorEntry } from '../../core/formats/safetensors.ts'
import { openWeights } from '../../core/formats/weight-files.ts'
import type { StatedEnds } from '../../core/generate/stops.ts'
import { InputError } from '../../core/input-error.ts'
import { type ModelConfig, parseConfig } from '../../core/model/config.ts'
import { type GenerationConfig, parseGenerationConfig } from '../../core/model/generation-config.ts'
import { checkTensors, neededTensors } from '../../core/model/tensor-names.ts'
import { type FileByteSource, openFileByteSource } from './file-byte-source.ts'

/** A model folder in the Hub's layout, its weight files open for ranged reads. */
export interface ModelFolder {
  path: string
  /** What a run calls the model: the folder's name, or its id on the Hub. */
  name: string
  /** Its commit on the Hub; null of a folder. */
  revision: string | null
  config: ModelConfig
  /** Null without a generation_config.json. */
  generationConfig: GenerationConfig | null
  /** Every tensor that the config expects is among them, in its shape. */
  weights: Map<string, TensorEntry>
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
  if (!(await isFolder(path)))
    throw new InputError(
      `${path}: no such folder; expected a model folder with config.json, model.safetensors and tokenizer.json`,
    )
  const opened: FileByteSource[] = []
  const open = async (name: string) => {
    const source = await openFileByteSource(join(path, name)).catch(nullWhenMissing)
    if (source) opened.push(source)
    return source
  }
  const close = async () => void (await Promise.all(opened.splice(0).map(source => source.close())))
  try {
    const configSource = await open('config.json')
    if (!configSource)
      throw new InputError(
        `${path}: config.json is missing; expected a model folder in the Hub's layout, check the path`,
      )
    const config = parseConfig(await readJson(configSource, settingsJson), configSource.name)
    const generationSource = await open('generation_config.json')
    const generationConfig =
      generationSource &&
      parseGenerationConfig(await readJson(generationSource, settingsJson), generationSource.name)
    const weights = await openWeights({ name: path, open }, neededTensors(config))
    checkTensors(config, weights, path)
    return {
      path,
      name: basename(path),
      revision: null,
      config,
      generationConfig,
      weights,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  const stats = await stat(path).catch(nullWhenMissing)
  return stats?.isDirectory() ?? false
}

function nullWhenMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}
