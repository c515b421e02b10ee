/** The bytes [start, end) of a file. */
export interface ByteRange {
  start: number
  end: number
}

/**
 * What a Range header asks of a file of `byteLength` bytes (RFC 9110, section 14): null for the whole file, which is also
 * the answer to a header of several ranges or another unit; 'unsatisfiable' when no byte of it is there.
 */
export function parseByteRange(
  header: string | undefined,
  byteLength: number,
): ByteRange | null | 'unsatisfiable' {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return null
  if (first === '') {
    const length = Math.min(Number(last), byteLength)
    return length === 0 ? 'unsatisfiable' : { start: byteLength - length, end: byteLength }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return null
  if (start >= byteLength) return 'unsatisfiable'
  return { start, end: last === '' ? byteLength : Math.min(Number(last) + 1, byteLength) }
}
