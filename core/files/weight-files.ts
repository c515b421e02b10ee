import { z } from 'zod'
import { describeIssues, InputError } from '../input-error.ts'
import type { ByteSource } from './byte-source.ts'
import { readJson } from './read-json.ts'
import { openSafetensors, type TensorEntry } from './safetensors.ts'

/** The files of a model, by name: a folder on disk, a Hub repository, files that were dropped on a page. */
export interface ModelFiles {
  /** For error messages: a path or an address. */
  readonly name: string
  /** The file of that name, or null when there is none. */
  open(name: string): Promise<ByteSource | null>
}

const singleFile = 'model.safetensors'
const indexFile = 'model.safetensors.index.json'
// A shard is a file beside its index: a name that could lead elsewhere is refused.
const shardName = z.string().regex(/^[^/\\]+\.safetensors$/, 'expected the plain name of a .safetensors file')
const weightIndex = z.object({ weight_map: z.record(z.string(), z.unknown()) })

/**
 * Where every tensor of a model lies, by the name that the model itself gives it: the headers of `model.safetensors`, or of
 * the shards that `model.safetensors.index.json` names. Reads no tensor data. Throws InputError when a file or a tensor is
 * missing, and for a tensor that `isNeeded` and has a format that no kernel reads.
 */
export async function openWeights(
  files: ModelFiles,
  isNeeded: (name: string) => boolean = () => true,
): Promise<Map<string, TensorEntry>> {
  const isNeededInFile = (name: string) => isNeeded(unwrappedName(name))
  return unwrapped(await openFiles(files, isNeededInFile), files.name)
}

/**
 * A tensor's name without what wrappers put into it: `_orig_mod.` of torch.compile, where it compiled, and `module.` of
 * DataParallel, before all. Neither changes what is computed.
 */
function unwrappedName(name: string): string {
  return name.replaceAll('_orig_mod.', '').replace(/^(module\.)+/, '')
}

function unwrapped(entries: Map<string, TensorEntry>, where: string): Map<string, TensorEntry> {
  const byName = new Map<string, TensorEntry>()
  for (const entry of entries.values()) {
    const name = unwrappedName(entry.name)
    const other = byName.get(name)
    if (other)
      throw new InputError(
        `${where}: tensors ${other.name} and ${entry.name} are both ${name} once the wrappers' names are left out; ` +
          'save the model again without its wrapper',
      )
    byName.set(name, { ...entry, name })
  }
  return byName
}

async function openFiles(
  files: ModelFiles,
  isNeeded: (name: string) => boolean,
): Promise<Map<string, TensorEntry>> {
  const whole = await files.open(singleFile)
  if (whole) return openSafetensors(whole, isNeeded)
  const index = await files.open(indexFile)
  if (!index)
    throw new InputError(
      `${files.name}: no weights: expected ${singleFile} or ${indexFile}, found neither; ` +
        'use a safetensors checkpoint, or name a file in GGUF itself (other formats, such as .bin, are not read)',
    )
  return openShards(files, index.name, await readShardOf(index), isNeeded)
}

/** The names of the shards that a `model.safetensors.index.json` lists, in order. Throws InputError. */
export async function readShardNames(index: ByteSource): Promise<string[]> {
  return [...new Set(Object.values(await readShardOf(index)))].sort()
}

async function readShardOf(index: ByteSource): Promise<Record<string, string>> {
  const parsed = weightIndex.safeParse(await readJson(index))
  if (!parsed.success) throw new InputError(`${index.name}: ${describeIssues(parsed.error)}; fetch it again`)
  const shardOf = parsed.data.weight_map
  // One at a time, since a file may name a million.
  for (const [tensor, shard] of Object.entries(shardOf)) {
    const { error } = shardName.safeParse(shard)
    if (error)
      throw new InputError(`${index.name}: weight_map.${tensor}: ${describeIssues(error)}; fetch it again`)
  }
  return shardOf as Record<string, string>
}

async function openShards(
  files: ModelFiles,
  indexName: string,
  shardOf: Record<string, string>,
  isNeeded: (name: string) => boolean,
): Promise<Map<string, TensorEntry>> {
  const shards = new Map<string, Map<string, TensorEntry>>()
  for (const name of new Set(Object.values(shardOf))) {
    const source = await files.open(name)
    if (!source)
      throw new InputError(`${files.name}: ${name} is missing, but ${indexName} names it; fetch that file`)
    shards.set(name, await openSafetensors(source, isNeeded))
  }
  return new Map(
    Object.entries(shardOf).flatMap(([tensor, shard]) => {
      const entry = shards.get(shard)?.get(tensor)
      if (!entry && !isNeeded(tensor)) return []
      if (!entry)
        throw new InputError(
          `${indexName}: tensor ${tensor} is said to be in ${shard}, whose header does not hold it; ` +
            'index and shards are of different checkpoints, fetch them together',
        )
      return [[tensor, entry]]
    }),
  )
}
