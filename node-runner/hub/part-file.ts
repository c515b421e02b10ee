import { createHash, type Hash, randomUUID } from 'node:crypto'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { InputError } from '../../core/input-error.ts'

/** What the Hub states of a file's content: SHA-256 of large files, git's own SHA-1 of small ones. */
export interface HubDigest {
  algorithm: 'sha256' | 'git-sha1'
  hex: string
}

/** A part that another machine's process has not written to for so long belongs to nobody. */
const abandonedMs = 120_000
const chunkBytes = 2 ** 22

/**
 * The bytes of a download so far, and the digest of them. A process takes a part over by renaming it to a name of its
 * own, which only one can do; so two processes that download one file never write into one part. A part that is given
 * back, or whose process has died, is taken over by the next.
 */
export class PartFile {
  readonly #path: string
  readonly #blobPath: string
  readonly #file: FileHandle
  readonly #newHash: () => Hash
  #hash: Hash
  #byteLength = 0

  private constructor(path: string, blobPath: string, file: FileHandle, newHash: () => Hash) {
    this.#path = path
    this.#blobPath = blobPath
    this.#file = file
    this.#newHash = newHash
    this.#hash = newHash()
  }

  /** Takes over the part that lies beside a blob's path, or begins one, of a file of `sizeBytes`. */
  static async take(blobPath: string, sizeBytes: number, { algorithm }: HubDigest): Promise<PartFile> {
    const path = `${blobPath}.${hostname()}-${process.pid}-${randomUUID()}.incomplete`
    await takeOver(blobPath, path)
    const file = await open(path, 'a+')
    await file.close()
    const part = new PartFile(path, blobPath, await open(path, 'r+'), () =>
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
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(
          bytes,
          done,
          bytes.length - done,
          this.#byteLength + done,
        )
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

  /** Forgets all bytes. */
  async restart(): Promise<void> {
    await this.#file.truncate(0)
    this.#hash = this.#newHash()
    this.#byteLength = 0
  }

  /** Makes the part the blob. */
  async finish(): Promise<void> {
    await this.#file.sync()
    await this.#file.close()
    await rename(this.#path, this.#blobPath)
  }

  /** Leaves the part to whoever goes on. */
  async giveBack(): Promise<void> {
    await this.#file.close()
    if (this.#byteLength > 0) await rename(this.#path, `${this.#blobPath}.incomplete`)
    else await rm(this.#path, { force: true })
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

/** Renames the longest part of a blob that belongs to nobody to `path`; without one nothing happens. */
async function takeOver(blobPath: string, path: string): Promise<void> {
  const names = await readdir(dirname(blobPath))
  const parts: { path: string; size: number }[] = []
  for (const name of names) {
    if (!name.startsWith(`${basename(blobPath)}.`) || !name.endsWith('.incomplete')) continue
    const candidate = join(dirname(blobPath), name)
    const stats = await stat(candidate).catch(() => null)
    if (stats && isAbandoned(name, stats.mtimeMs)) parts.push({ path: candidate, size: stats.size })
  }
  for (const part of parts.sort((a, b) => b.size - a.size)) {
    const isTaken = await rename(part.path, path).then(
      () => true,
      () => false,
    )
    if (isTaken) return
  }
}

function isAbandoned(name: string, writtenMs: number): boolean {
  const owner = /^[^.]+\.(.+)-(\d+)-[0-9a-f-]{36}\.incomplete$/.exec(name)
  if (owner === null || Date.now() - writtenMs > abandonedMs) return true
  const [, host, pid] = owner
  return host === hostname() && !isAlive(Number(pid), writtenMs)
}

function isAlive(pid: number, writtenMs: number): boolean {
  // In a container every process may have the same number.
  if (pid === process.pid) return writtenMs >= Date.now() - process.uptime() * 1000
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
