import { InputError } from '../input-error.ts'

/** The type that is taken where a repository has several and none is asked for: what others who read GGUF take, too. */
const usualType = 'Q4_K_M'
const shardPattern = /-(\d{5})-of-(\d{5})\.gguf$/i

/** Whether a path is that of a file in GGUF, by its name. */
export function isGgufName(path: string): boolean {
  return /\.gguf$/i.test(path)
}

/** What a model in GGUF is called after its file: the name without its ending, and without a shard's number. */
export function ggufModelName(path: string): string {
  return path
    .replace(/^.*[\\/]/, '')
    .replace(shardPattern, '')
    .replace(/\.gguf$/i, '')
}

/** The files of a model of which this is one: itself, or all shards where its name ends as "-00001-of-00003.gguf". */
export function ggufShardNames(fileName: string): string[] {
  const [ending = '', , count = '00000'] = shardPattern.exec(fileName) ?? []
  if (Number(count) === 0) return [fileName]
  const stem = fileName.slice(0, -ending.length)
  const numbered = (index: number) => String(index + 1).padStart(5, '0')
  return Array.from({ length: Number(count) }, (_, index) => `${stem}-${numbered(index)}-of-${count}.gguf`)
}

/**
 * The models in GGUF among some paths, of a sharded one the first shard. What sees or hears for a model of text, and what was
 * measured for making a type, is none.
 */
export function ggufModels(paths: readonly string[]): string[] {
  return paths
    .filter(path => isGgufName(path) && !/(^|[/._-])(mmproj|imatrix)([._-]|$)/i.test(path))
    .filter(path => Number(shardPattern.exec(path)?.[1] ?? 1) === 1)
    .sort()
}

/**
 * The model of a type, as "Q4_K_M", in whatever case, among those of a repository, by the names of files, else of folders; or that of a path there; without one the usual type, or the only model.
 * Throws InputError, with what there is, where it must be chosen.
 */
export function chooseGguf(id: string, paths: readonly string[], type: string | null): string {
  const models = ggufModels(paths)
  const isOfType = (name: string, wanted: string) => {
    const rest = name.slice(0, -wanted.length)
    return (
      name.toLowerCase().endsWith(wanted.toLowerCase()) &&
      /(^|[._-])$/.test(rest) &&
      // "M" is no type of which "Q4_K_M" is one.
      !/(^|[._-])i?q\d\w*_$/i.test(rest)
    )
  }
  const named = (wanted: string) => {
    const byFile = models.filter(path => isOfType(ggufModelName(path), wanted))
    if (byFile.length > 0) return byFile
    return models.filter(path => isOfType(path.split('/').at(-2) ?? '', wanted))
  }
  const [asPath = ''] = ggufShardNames(type ?? '')
  const found =
    type === null && models.length === 1
      ? models
      : models.includes(asPath)
        ? [asPath]
        : named(type ?? usualType)
  // "UD-Q4_K_M" ends as "Q4_K_M" does; who means it writes all of it.
  const shortest = Math.min(...found.map(path => path.length))
  const [first, ...others] = found.filter(path => path.length === shortest)
  if (first !== undefined && others.length === 0) return first
  const asked =
    type === null
      ? `holds ${models.length} models in GGUF, of which ${usualType} is none`
      : `has no file of type ${type}`
  throw new InputError(
    `${id}: ${found.length > 1 ? `has several files of type ${type ?? usualType}` : asked}, expected one; ` +
      `${models.length === 0 ? 'it holds no .gguf files' : `choose among ${models.join(', ')}, with the ${found.length > 1 ? 'path of one' : 'type'} behind a colon (${id}:${found[0] ?? usualType})`}`,
  )
}
