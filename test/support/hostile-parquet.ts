import { parquetWriteBuffer } from 'hyparquet-writer'

const magicBytes = 4

/**
 * A Parquet file whose sizes are right and whose reader never ends: the second of the two headers of its delta-coded texts claims −1
 * parts in a block, so that the reader steps back over each byte that it read.
 */
export function loopingParquet(): Uint8Array {
  const texts = ['x'.repeat(60), 'y'.repeat(60)]
  const columnData = [{ name: 'problem', data: texts, encoding: 'DELTA_BYTE_ARRAY' as const }]
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData, codec: 'UNCOMPRESSED', statistics: false }))
  const first = bytes.indexOf(0x78)
  // Both headers stand between the page's header and the first text: blocks of 128 in 4, two values, and each block.
  const start = bytes.findIndex(
    (byte, index) => index > magicBytes && byte === 0x80 && bytes[index + 1] === 1 && index < first,
  )
  const prefixes = [0x80, 0x01, 0x04, 0x02, 0, 0, 0, 0, 0, 0]
  const suffixes = [0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x02, 0, 0]
  bytes.set([...prefixes, ...suffixes], start)
  return bytes
}
