import { createHash, type Hash, randomUUID } from 'node:crypto'
import { constants, readFileSync } from 'node:fs'
import { type FileHandle, lstat, open, readdir, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { InputError } from '../../core/input-error.ts'
import { orNull } from '../files/file-errors.ts'
import { hasProcess, processStat } from '../files/processes.ts'

/** What the Hub states of a file's content: SHA-256 of large files, git's own SHA-1 of small ones. */
export interface HubDigest {
  algorithm: 'sha256' | 'git-sha1'
  hex: string
}

/** A process says so often that it still holds its part, also while it waits for a server. */
const beatMs = 5_000
/** A part of another machine's process of which nothing was heard for so long belongs to nobody. */
const abandonedMs = 600_000
/** Clock ticks a second in which Linux states when a process began, on every machine that Node runs on. */
const ticksPerSecond = 100
const chunkBytes = 2 ** 22

/** Another process took the part over, taking its holder for dead. */
export class PartTakenError extends Error {}

/**
 * The bytes of a download so far, and the digest of them. A process takes a part over by renaming it to a name of its
 * own, which only one can do; so two processes that download one file never write into one part. A part that is given
 * back, or whose process has died, is taken over by the next. Its holder shows that it lives by the time of the file, and
 * sees at its next look when it was taken for dead all the same, as after a night's sleep of its machine.
 */
export class PartFile {
  readonly #path: string
  readonly #blobPath: string
  readonly #file: FileHandle
  readonly #newHash: () => Hash
  #hash: Hash
  #byteLength = 0
  #isTaken = false
  readonly #beat: NodeJS.Timeout

  private constructor(path: string, blobPath: string, file: FileHandle, newHash: () => Hash) {
    this.#path = path
    this.#blobPath = blobPath
    this.#file = file
    this.#newHash = newHash
    this.#hash = newHash()
    this.#beat = setInterval(() => void this.#look(), beatMs).unref()
  }

  /** Takes over the part that lies beside a blob's path, or begins one, of a file of `sizeBytes`. */
  static async take(blobPath: string, sizeBytes: number, { algorithm }: HubDigest): Promise<PartFile> {
    const path = `${blobPath}.${hostname()}-${process.pid}-${randomUUID()}.incomplete`
    await takeOver(blobPath, path)
    const part = new PartFile(path, blobPath, await openOwn(path), () =>
      algorithm === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${sizeBytes}\0`),
    )
    await part.#readBack(sizeBytes)
    return part
  }

  get byteLength(): number {
    return this.#byteLength
  }

  /** The digest of the bytes so far, after which none may be added. */
  digest(): string {
    return this.#hash.digest('hex')
  }

  /** Adds bytes. Throws InputError when the disk is full. */
  async append(bytes: Uint8Array): Promise<void> {
    if (this.#isTaken) throw new PartTakenError(this.#path)
    try {
      for (let done = 0; done < bytes.length; ) {
        const position = this.#byteLength + done
        const { bytesWritten } = await this.#file.write(bytes.subarray(done), { position })
        done += bytesWritten
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      throw new InputError(
        `${this.#path}: cannot be written (${code ?? message}); ` +
          `${code === 'ENOSPC' || code === 'EDQUOT' ? 'make room' : 'check the disk'}, or name another folder with HF_HOME; what is there is kept`,
        { cause: error },
      )
    }
    this.#hash.update(bytes)
    this.#byteLength += bytes.length
  }

  /** Forgets all bytes. Throws PartTakenError where they are another's by now. */
  async restart(): Promise<void> {
    await this.#look()
    if (this.#isTaken) throw new PartTakenError(this.#path)
    await this.#file.truncate(0)
    this.#hash = this.#newHash()
    this.#byteLength = 0
  }

  /** Makes the part the blob. Throws PartTakenError where it is another's by now. */
  async finish(): Promise<void> {
    await this.#file.sync()
    await this.#look()
    const { size } = await this.#file.stat()
    await this.#close()
    if (!this.#isTaken && size === this.#byteLength)
      try {
        return await rename(this.#path, this.#blobPath)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    this.#isTaken = true
    throw new PartTakenError(this.#path)
  }

  /** Leaves the part to whoever goes on. */
  async giveBack(): Promise<void> {
    await this.#look()
    await this.#close()
    if (this.#isTaken) return
    if (this.#byteLength > 0) await rename(this.#path, `${this.#blobPath}.incomplete`)
    else await rm(this.#path, { force: true })
  }

  async #close(): Promise<void> {
    clearInterval(this.#beat)
    await this.#file.close()
  }

  /** Shows that the holder lives, and looks whether the part is still its own. */
  async #look(): Promise<void> {
    try {
      const now = new Date()
      await this.#file.utimes(now, now)
      const [own, there] = [await this.#file.stat(), await lstat(this.#path).catch(() => null)]
      this.#isTaken = there?.ino !== own.ino
    } catch {
      // It was closed meanwhile, or the disk fails, as the next bytes will say.
    }
  }

  async #readBack(sizeBytes: number): Promise<void> {
    const { size } = await this.#file.stat()
    if (size > sizeBytes) return this.restart()
    const buffer = Buffer.allocUnsafe(Math.min(size, chunkBytes))
    while (this.#byteLength < size) {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#byteLength)
      if (bytesRead === 0) break
      this.#hash.update(buffer.subarray(0, bytesRead))
      this.#byteLength += bytesRead
    }
  }
}

/**
 * Opens a part for its holder alone. What is no plain file with one name leads elsewhere, and is replaced by a new one: another
 * user of the cache may have put a link in its place.
 */
async function openOwn(path: string): Promise<FileHandle> {
  // Windows has no such flag, nor do its users make links without being asked.
  const flags = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0)
  const taken = await open(path, flags).catch(() => null)
  const stats = await taken?.stat()
  if (taken && stats?.isFile() && stats.nlink === 1) return taken
  await taken?.close()
  await rm(path, { force: true, recursive: true })
  return open(path, flags | constants.O_CREAT | constants.O_EXCL, 0o666)
}

/** Renames the longest part of a blob that belongs to nobody to `path`; without one nothing happens. */
async function takeOver(blobPath: string, path: string): Promise<void> {
  const parts: { path: string; size: number }[] = []
  for (const name of await readdir(dirname(blobPath))) {
    if (!name.startsWith(`${basename(blobPath)}.`) || !name.endsWith('.incomplete')) continue
    const candidate = join(dirname(blobPath), name)
    const stats = await lstat(candidate).catch(() => null)
    if (stats?.isFile() && stats.nlink === 1 && isAbandoned(name, stats.mtimeMs))
      parts.push({ path: candidate, size: stats.size })
  }
  for (const part of parts.sort((a, b) => b.size - a.size)) {
    const failure = await rename(part.path, path).catch(error => error as Error)
    if (!failure) return
  }
}

function isAbandoned(name: string, heardMs: number): boolean {
  const [, host, pid] = /^[^.]+\.(.+)-(\d+)-[0-9a-f-]{36}\.incomplete$/.exec(name) ?? []
  if (host === undefined) return true
  return host === hostname() ? !isAlive(Number(pid), heardMs) : Date.now() - heardMs > abandonedMs
}

/** Whether the process with this number lives that was heard of then: another may have its number since. */
function isAlive(pid: number, heardMs: number): boolean {
  // In a container every process may have the same number.
  if (pid === process.pid) return heardMs >= Date.now() - process.uptime() * 1000
  if (!hasProcess(pid)) return false
  const startedMs = orNull(() => {
    const boot = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]
    return (Number(boot) + Number(processStat(pid).startTime) / ticksPerSecond) * 1000
  })
  // Both are whole seconds or less; the system may not say when a process began.
  return (startedMs || 0) <= heardMs + 2000
}
