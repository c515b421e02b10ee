import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { unzip } from '../../test/support/unzip.ts'
import { writeFileAtomic } from './write-file-atomic.ts'
import { type ZipEntry, zipPieces } from './zip-pieces.ts'

const archiveOf = (entries: Iterable<ZipEntry>) => Buffer.concat([...zipPieces(entries)])

describe('a ZIP archive', () => {
  it('holds its files, of any name, empty or longer than what is compressed at once', () => {
    const long = Array.from({ length: 5000 }, (_, index) => `${index} ünd ${'x'.repeat(index % 900)}\n`)
    const archive = archiveOf([
      { name: 'a/../ü "b".json', pieces: ['{}'] },
      { name: 'empty', pieces: [] },
      { name: 'long', pieces: long },
    ])
    expect(unzip(archive)).toEqual({ 'a/../ü "b".json': '{}', empty: '', long: long.join('') })
    expect(archive.length).toBeLessThan(long.join('').length / 10)
  })

  it('asks for files as they are written', () => {
    const asked: number[] = []
    const entries = function* () {
      for (let index = 0; index < 9; index++) {
        asked.push(index)
        // Noise is as long as its archive.
        yield { name: String(index), pieces: [randomBytes(2 ** 20).toString('base64')] }
      }
    }
    const pieces = zipPieces(entries())
    pieces.next()
    expect(asked.length).toBeLessThan(3)
    let length = 0
    for (const piece of pieces) length += piece.length
    expect(length).toBeGreaterThan(2 ** 23)
    expect(asked).toHaveLength(9)
  })

  it('has more files than 16 bits count', () => {
    const count = 70_000
    const entries = function* () {
      for (let index = 0; index < count; index++)
        yield { name: `samples/${index}.json`, pieces: [String(index)] }
    }
    const path = join(mkdtempSync(join(tmpdir(), 'entrace-test-')), 'archive.zip')
    writeFileAtomic(path, zipPieces(entries()))
    const files = unzip(readFileSync(path), name => name.endsWith('/69999.json'))
    rmSync(dirname(path), { recursive: true })
    expect(Object.keys(files)).toHaveLength(count)
    expect(files['samples/69999.json']).toBe('69999')
  })

  it('refuses a name that is longer than the format allows', () => {
    expect(() => archiveOf([{ name: 'x'.repeat(70_000), pieces: [] }])).toThrow(
      /xxx\.\.\.: has 70000 bytes, expected at most 65535/,
    )
  })
})
