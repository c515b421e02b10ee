import type { ByteSource } from '../../core/files/byte-source.ts'
import type { HttpByteSource } from '../../core/files/http-byte-source.ts'
import { sha256 } from '../../core/files/sha256.ts'
import { formatNumber } from '../../core/format-number.ts'

/**
 * Files of models that this browser keeps, so that another opening reads no network. They lie in the page's own part of
 * the browser's storage (OPFS): of each file `ID.bytes`, with every byte where it is in the file itself, and `ID.json`, which says
 * which of them are there. What was written but is not noted is not trusted, nor what belongs to another version of the file.
 */
const folderName = 'models'

/** What is noted of a kept file. */
interface KeptNote {
  address: string
  version: string
  byteLength: number
  /** Bytes [start, end) that are there, in order and apart from one another. */
  ranges: [start: number, end: number][]
  /** Digest of the model's weights, once it was loaded from these bytes. */
  weightDigest: string | null
}

/** A file that is written without waiting, which workers alone may; types of pages do not know it. */
interface SyncFile {
  read(into: Uint8Array, at: { at: number }): number
  write(bytes: Uint8Array, at: { at: number }): number
  truncate(byteLength: number): void
  getSize(): number
  flush(): void
  close(): void
}

/** A folder of OPFS as workers have it. */
interface SyncFolder extends FileSystemDirectoryHandle {
  getFileHandle(
    name: string,
    options?: { create: boolean },
  ): Promise<FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncFile> }>
}

/** After so many new bytes the note is brought up to date, so that what was stopped goes on from there. */
const notedBytes = 64 * 2 ** 20
/** Part of what the browser gives that is used: other things of the page want room, too. */
const usedPart = 0.9

/** The kept files of a model, by way of which it is read. */
export type KeptFiles = ReturnType<typeof keepFiles>

/** Keeps what is read of files of weights. For workers; where the browser keeps nothing, files are read all the same. */
export function keepFiles() {
  const files: KeptFile[] = []
  return {
    /** The same bytes, of which those that are kept are not fetched. */
    around(source: HttpByteSource): ByteSource {
      if (!/\.(gguf|safetensors)($|\?)/i.test(source.name)) return source
      const file = createKeptFile(source)
      files.push(file)
      return file
    },
    /** Bytes of these parts of files that are kept. */
    async keptBytes(
      parts: Iterable<{ source: ByteSource; start: number; byteLength: number }>,
    ): Promise<number> {
      let sum = 0
      for (const { source, start, byteLength } of parts) {
        const file = files.find(file => file === source)
        if (await file?.has(start, start + byteLength)) sum += byteLength
      }
      return sum
    },
    /** Why this model is not kept, in words; null where it is. */
    get refusal(): string | null {
      return files.find(({ refusal }) => refusal !== null)?.refusal ?? null
    },
    /**
     * Notes what is there and gives the files free for others; what is read afterwards takes them again. With the digest of the
     * weights that were made of them: false where those that are kept had another before, and so are damaged; they are kept no
     * more then.
     */
    async rest(weightDigest: string | null = null): Promise<boolean> {
      const sound = await Promise.all(files.map(file => file.rest(weightDigest)))
      return sound.every(Boolean)
    },
  }
}

type KeptFile = ReturnType<typeof createKeptFile>

function createKeptFile(source: HttpByteSource) {
  const { name, byteLength } = source
  let refusal: string | null = null
  let opening: Promise<OpenFile | null> | null = null
  const opened = () =>
    (opening ??= openKept(source).catch(error => {
      refusal = describeRefusal(error)
      return null
    }))

  return {
    name,
    byteLength,
    get refusal() {
      return refusal
    },
    async has(start: number, end: number): Promise<boolean> {
      return (await opened())?.has(start, end) ?? false
    },
    async slice(start: number, end = byteLength): Promise<ArrayBuffer> {
      const kept = refusal === null ? await opened() : null
      const own = kept?.read(start, end)
      if (own) return own
      const bytes = await source.slice(start, end)
      try {
        kept?.write(start, bytes)
      } catch (error) {
        // What the browser does not keep is read all the same.
        refusal = describeRefusal(error)
      }
      return bytes
    },
    async rest(weightDigest: string | null): Promise<boolean> {
      const kept = await opening
      opening = null
      return kept?.rest(weightDigest, refusal === null) ?? true
    },
  }
}

type OpenFile = Awaited<ReturnType<typeof openKept>>

async function openKept({ name: address, version, byteLength }: HttpByteSource) {
  if (version === null)
    throw new KeepError('its server does not say which version the file is (ETag or Last-Modified)')
  const root = (await navigator.storage?.getDirectory?.()) as SyncFolder | undefined
  if (!root) throw new KeepError('the browser has no storage for files (OPFS)')
  const folder = (await root.getDirectoryHandle(folderName, { create: true })) as SyncFolder
  const id = sha256(new TextEncoder().encode(address)).slice(0, 32)
  async function openSync(name: string, tries = 10): Promise<SyncFile> {
    try {
      return await (await folder.getFileHandle(name, { create: true })).createSyncAccessHandle()
    } catch (error) {
      // A worker that was ended holds it a moment longer.
      if ((error as DOMException).name !== 'NoModificationAllowedError' || tries === 0) throw error
      await new Promise(resolve => setTimeout(resolve, 50))
      return openSync(name, tries - 1)
    }
  }
  const bytes = await openSync(`${id}.bytes`)
  const noteFile = await openSync(`${id}.json`).catch(error => {
    bytes.close()
    throw error
  })
  const empty: KeptNote = { address, version, byteLength, ranges: [], weightDigest: null }
  let note = readNote(noteFile, bytes.getSize(), empty) ?? empty
  let unnoted = 0

  function writeNote(): void {
    bytes.flush()
    noteFile.truncate(0)
    noteFile.write(new TextEncoder().encode(JSON.stringify(note)), { at: 0 })
    noteFile.flush()
    unnoted = 0
  }

  function clear(): void {
    noteFile.truncate(0)
    noteFile.flush()
    bytes.truncate(0)
    note = empty
    unnoted = 0
  }

  if (note.ranges.length === 0) {
    clear()
    try {
      await makeRoom(folder, byteLength, id)
    } catch (error) {
      bytes.close()
      noteFile.close()
      for (const name of [`${id}.bytes`, `${id}.json`]) await folder.removeEntry(name)
      throw error
    }
  }
  const has = (start: number, end: number) =>
    start === end || note.ranges.some(range => range[0] <= start && end <= range[1])

  return {
    has,
    /** Null where they are not all there. */
    read(start: number, end: number): ArrayBuffer | null {
      if (!has(start, end)) return null
      const into = new Uint8Array(end - start)
      return bytes.read(into, { at: start }) === into.length ? into.buffer : null
    },
    write(start: number, data: ArrayBuffer): void {
      try {
        if (bytes.write(new Uint8Array(data), { at: start }) !== data.byteLength)
          throw new DOMException('', 'QuotaExceededError')
      } catch (error) {
        clear()
        throw error
      }
      note = { ...note, ranges: withRange(note.ranges, [start, start + data.byteLength]) }
      unnoted += data.byteLength
      if (unnoted >= notedBytes) writeNote()
    },
    rest(weightDigest: string | null, isKept: boolean): boolean {
      const isSound =
        weightDigest === null || note.weightDigest === null || note.weightDigest === weightDigest
      try {
        if (!isKept || !isSound) clear()
        else {
          const isNew = weightDigest !== null && weightDigest !== note.weightDigest
          if (isNew) note = { ...note, weightDigest }
          if (isNew || unnoted > 0) writeNote()
        }
      } finally {
        bytes.close()
        noteFile.close()
      }
      return isSound
    },
  }
}

/** The note of a file that is the one expected, in its version; null of any other, and where what it notes is not there. */
function readNote(file: SyncFile, keptLength: number, expected: KeptNote): KeptNote | null {
  const text = new Uint8Array(file.getSize())
  file.read(text, { at: 0 })
  try {
    const note = JSON.parse(new TextDecoder().decode(text)) as KeptNote
    const isSame = (['address', 'version', 'byteLength'] as const).every(key => note[key] === expected[key])
    return isSame && note.ranges.every(([, end]) => end <= keptLength) ? note : null
  } catch {
    return null
  }
}

/** The ranges with another one, which joins those that it touches. */
export function withRange(ranges: KeptNote['ranges'], [start, end]: [number, number]): KeptNote['ranges'] {
  const before = ranges.filter(range => range[1] < start)
  const after = ranges.filter(range => range[0] > end)
  const touched = ranges.slice(before.length, ranges.length - after.length)
  const joined: [number, number] = [
    Math.min(start, touched[0]?.[0] ?? start),
    Math.max(end, touched.at(-1)?.[1] ?? end),
  ]
  return [...before, joined, ...after]
}

/** Has room for a file in the browser's storage, where need be in place of what was kept longest ago. Throws KeepError. */
async function makeRoom(folder: FileSystemDirectoryHandle, byteLength: number, id: string): Promise<void> {
  const { quota = 0, usage = 0 } = await navigator.storage.estimate()
  const others = (await keptIn(folder)).filter(({ name }) => !name.startsWith(id))
  let room = quota * usedPart - usage
  const reclaimed = others.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  if (room + reclaimed < byteLength)
    throw new KeepError(
      `it needs ${bytesText(byteLength)} of the browser's storage, of which this page has ${bytesText(Math.max(0, room + reclaimed))}; ` +
        'free space on the disk, or use no private window',
    )
  for (const { name, sizeBytes } of others.sort((a, b) => a.modifiedMs - b.modifiedMs)) {
    if (room >= byteLength) return
    await folder.removeEntry(name)
    room += sizeBytes
  }
}

/** Why a model cannot be kept, in words. */
class KeepError extends Error {}

function describeRefusal(error: unknown): string {
  if (error instanceof KeepError) return error.message
  switch ((error as DOMException).name) {
    case 'QuotaExceededError':
      return "the browser's storage is full; free space on the disk, or remove what is kept"
    case 'NoModificationAllowedError':
      return 'another page reads it at this moment'
    default:
      return `the browser did not allow it (${(error as Error).message})`
  }
}

async function keptIn(folder: FileSystemDirectoryHandle) {
  const kept: { name: string; sizeBytes: number; modifiedMs: number }[] = []
  for await (const entry of folder.values()) {
    if (entry.kind !== 'file') continue
    const { name, size, lastModified } = await entry.getFile()
    kept.push({ name, sizeBytes: size, modifiedMs: lastModified })
  }
  return kept
}

/** Bytes of all files of models that this browser keeps for the page; 0 where it keeps none. */
export async function keptBytes(): Promise<number> {
  try {
    const root = await navigator.storage.getDirectory()
    const kept = await keptIn(await root.getDirectoryHandle(folderName))
    return kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  } catch {
    return 0
  }
}

/** Removes all files of models that this browser keeps for the page. Rejects, in words, where one is being read. */
export async function removeKept(): Promise<void> {
  const root = await navigator.storage.getDirectory()
  try {
    await root.removeEntry(folderName, { recursive: true })
  } catch (error) {
    if ((error as DOMException).name === 'NotFoundError') return
    throw new Error(
      'What is kept is being read by a page at this moment; try again when its model is loaded',
      {
        cause: error,
      },
    )
  }
}

/** Bytes as people say them. */
export function bytesText(bytes: number): string {
  const [unit, size] = bytes < 1e9 ? (['MB', 1e6] as const) : (['GB', 1e9] as const)
  return `${formatNumber(Number((bytes / size).toPrecision(3)))} ${unit}`
}
