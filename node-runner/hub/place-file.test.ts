import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { copyFile, link, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { placeFile } from './place-file.ts'

// As they are, but for calls that are told to fail.
vi.mock('node:fs/promises', { spy: true })

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const blob = join(folder, 'blob')
writeFileSync(blob, 'content')

/** Has the next symbolic link, and the next hard one if two are to be refused, fail with a code. */
function refuse(count: number, code: string): Error {
  const error = Object.assign(new Error(code), { code })
  for (const make of [symlink, link].slice(0, count)) vi.mocked(make).mockRejectedValueOnce(error)
  return error
}

describe('a file of the cache', () => {
  it('is a link to its content, which takes the place of what was there', async () => {
    const path = join(folder, 'linked/file')
    await placeFile(blob, path)
    expect(readlinkSync(path)).toBe(join('..', 'blob'))
    await placeFile(blob, path)
    expect(readFileSync(path, 'utf8')).toBe('content')
    expect(readdirSync(join(folder, 'linked'))).toEqual(['file'])
  })

  it.each([
    ['a hard link', 1, 2],
    ['a copy', 2, 1],
  ])('is %s where the system allows no better', async (name, refused, links) => {
    const path = join(folder, name, 'file')
    refuse(refused, 'EPERM')
    await placeFile(blob, path)
    const stats = lstatSync(path)
    expect([stats.isSymbolicLink(), stats.nlink]).toEqual([false, links])
    expect(readFileSync(path, 'utf8')).toBe('content')
    expect(readdirSync(join(folder, name))).toEqual(['file'])
    rmSync(path)
  })

  it('is not there, nor half of it, where the disk is full', async () => {
    const full = refuse(2, 'ENOSPC')
    vi.mocked(copyFile).mockImplementationOnce(async (_, to) => {
      writeFileSync(to as string, 'con')
      throw full
    })
    await expect(placeFile(blob, join(folder, 'full/file'))).rejects.toBe(full)
    expect(readdirSync(join(folder, 'full'))).toEqual([])
  })
})
