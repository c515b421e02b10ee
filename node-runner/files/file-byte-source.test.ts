import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { openFileByteSource, openIfThere } from './file-byte-source.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('openFileByteSource', () => {
  it('reads ranges, and refuses those outside the file', async () => {
    const path = join(folder, 'ten')
    writeFileSync(
      path,
      Uint8Array.from({ length: 10 }, (_, index) => index),
    )
    const source = await openFileByteSource(path)
    expect(source).toMatchObject({ name: path, byteLength: 10 })
    expect([...new Uint8Array(await source.slice(3, 6))]).toEqual([3, 4, 5])
    expect([...new Uint8Array(await source.slice(8))]).toEqual([8, 9])
    expect((await source.slice(10)).byteLength).toBe(0)
    for (const [start, end] of [
      [-1, 2],
      [5, 4],
      [0, 11],
      [Number.NaN, 2],
    ] as const)
      await expect(source.slice(start, end)).rejects.toThrow(RangeError)
    await source.close()
    await expect(source.slice(0, 1)).rejects.toThrow()
  })

  it.skipIf(process.platform === 'win32')(
    'refuses a pipe, and does not wait for what is written to it',
    async () => {
      const path = join(folder, 'pipe')
      execFileSync('mkfifo', [path])
      await expect(openFileByteSource(path)).rejects.toThrow(
        /expected a file, found a folder, a pipe or a device/,
      )
    },
  )

  it('notices a file that is cut while it is open', async () => {
    const path = join(folder, 'cut')
    writeFileSync(path, new Uint8Array(10))
    const source = await openFileByteSource(path)
    truncateSync(path, 4)
    await expect(source.slice(0, 10)).rejects.toThrow(/ended at byte 4, expected 10/)
    await source.close()
  })

  it('refuses a folder and a missing file', async () => {
    await expect(openFileByteSource(folder)).rejects.toThrow(InputError)
    await expect(openFileByteSource(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('openIfThere', () => {
  it('is null for what is not there, and refuses what cannot be opened', async () => {
    expect(await openIfThere(join(folder, 'none'))).toBe(null)
    const path = join(folder, 'itself')
    symlinkSync(path, path)
    await expect(openIfThere(path)).rejects.toThrow(InputError)
    await expect(openIfThere(path)).rejects.toThrow(`${path}: cannot be opened (ELOOP)`)
  })
})
