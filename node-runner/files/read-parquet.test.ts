import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { loopingParquet } from '../../test/support/hostile-parquet.ts'
import { parquetLimits, readDataSetApart, readSummaryApart } from './read-parquet.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

function written(name: string, bytes: Uint8Array | ArrayBuffer): string {
  const path = join(folder, name)
  writeFileSync(path, new Uint8Array(bytes))
  return path
}

const rows = Array.from({ length: 1000 }, (_, row) => row)
const columnData = [
  { name: 'problem', data: rows.map(row => `${row} + 1?`) },
  { name: 'answer', data: rows.map(row => BigInt(row + 1)) },
]
const good = written('good.parquet', parquetWriteBuffer({ columnData }))

describe('readDataSetApart', () => {
  it('gives back the columns', async () => {
    const { rowCount, columns } = await readDataSetApart(good, {})
    expect(rowCount).toBe(1000)
    expect([...columns]).toEqual(columnData.map(({ name, data }) => [name, data]))
  })

  it('reads pages that Zstandard has made some thousand times smaller', async () => {
    const remark = {
      name: 'remark',
      data: rows.map(() => 'the same in all rows '.repeat(20)),
      encoding: 'PLAIN' as const,
    }
    const compressors = { ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes)) }
    const buffer = parquetWriteBuffer({ columnData: [...columnData, remark], codec: 'ZSTD', compressors })
    const { columns } = await readDataSetApart(written('repeated.parquet', buffer), {})
    expect(columns.get('remark')).toEqual(remark.data)
  })

  it('ends where the reader loops', async () => {
    const looping = written('looping.parquet', loopingParquet())
    const failure = readDataSetApart(looping, {})
    await expect(failure).rejects.toThrow(InputError)
    await expect(failure).rejects.toThrow(
      /looping\.parquet: reading it made no progress; the file is damaged/,
    )
  })

  it('ends where it takes too much memory', async () => {
    const limits = { ...parquetLimits(0), processBytes: 2 ** 20 }
    await expect(readDataSetApart(good, {}, limits)).rejects.toThrow(
      /good\.parquet: reading it took more memory than a file of its length explains/,
    )
  })

  it('refuses values that are more than the file', async () => {
    const limits = { ...parquetLimits(0), handedBytes: 2 ** 10 }
    await expect(readDataSetApart(good, {}, limits)).rejects.toThrow(/its values take more than 1024 bytes/)
  })

  it('says what is wrong with a file, and that there is none', async () => {
    const cut = written('cut.parquet', new Uint8Array(parquetWriteBuffer({ columnData })).slice(0, -9))
    await expect(readDataSetApart(cut, {})).rejects.toThrow(/footer != PAR1/)
    await expect(readDataSetApart(join(folder, 'none.parquet'), {})).rejects.toThrow(/ENOENT/)
    await expect(readSummaryApart({ path: good, digest: null }, {}, false)).rejects.toThrow(
      /good\.parquet: a Parquet file without entrace\.formatVersion/,
    )
  })
})
