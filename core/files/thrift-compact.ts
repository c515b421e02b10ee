// Thrift's compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md), in which Parquet
// writes its footer and its page headers: passed over and measured, before a reader that believes them makes anything of them.

const mostDepth = 32

/** A place in a text of Thrift's compact protocol. */
export interface Cursor {
  view: DataView
  at: number
  end: number
  /** How many more structures and members of lists it may have. */
  parts: number
  /** Where integers are kept, if anywhere: a field by its number, one of a structure in it by 100 times the structure's before. */
  fields?: Map<number, number>
}

/** Passes over a structure. Throws unless its lists fit its bytes and it is no deeper or larger than any of a Parquet file. */
export function skipStruct(cursor: Cursor, depth = 0, path = 0): void {
  if (depth > mostDepth) throw new Error(`structures more than ${mostDepth} deep`)
  spend(cursor, 1)
  for (let field = 0; ; ) {
    const byte = readByte(cursor)
    const type = byte & 0x0f
    if (type === 0) return
    field = byte >> 4 ? field + (byte >> 4) : unfold(readVarInt(cursor))
    skipValue(cursor, type, depth, depth < 2 && field > 0 && field < 100 ? 100 * path + field : -1)
  }
}

function skipValue(cursor: Cursor, type: number, depth: number, path: number): void {
  const keep = (value: number) => path >= 0 && cursor.fields?.set(path, value)
  switch (type) {
    case 1:
    case 2:
      keep(2 - type)
      return
    case 3:
      skipBytes(cursor, 1)
      return
    case 4:
    case 5:
      keep(unfold(readVarInt(cursor)))
      return
    case 6:
      for (let length = 1; readByte(cursor) >= 0x80; length++)
        if (length === 10) throw new Error('an integer of more than ten bytes')
      return
    case 7:
      skipBytes(cursor, 8)
      return
    case 8:
      skipBytes(cursor, readVarInt(cursor))
      return
    case 9: {
      const header = readByte(cursor)
      const length = header >> 4 === 15 ? readVarInt(cursor) : header >> 4
      if (length > cursor.end - cursor.at)
        throw new Error(`a list of ${length} in ${cursor.end - cursor.at} bytes`)
      spend(cursor, length)
      const member = (header & 0x0f) <= 2 ? 3 : header & 0x0f
      for (let index = 0; index < length; index++) skipValue(cursor, member, depth, -1)
      return
    }
    case 12:
      skipStruct(cursor, depth + 1, path)
      return
    default:
      throw new Error(`a field of the unknown type ${type}`)
  }
}

function spend(cursor: Cursor, parts: number): void {
  cursor.parts -= parts
  if (cursor.parts < 0) throw new Error('more structures than a file has')
}

function readByte(cursor: Cursor): number {
  if (cursor.at >= cursor.end) throw new Error('a header that does not end')
  return cursor.view.getUint8(cursor.at++)
}

function skipBytes(cursor: Cursor, length: number): void {
  if (length > cursor.end - cursor.at)
    throw new Error(`a text of ${length} bytes in ${cursor.end - cursor.at}`)
  cursor.at += length
}

/** An unsigned integer of at most 32 bits, seven bits a byte. */
export function readVarInt(cursor: Cursor): number {
  let value = 0
  for (let shift = 0; shift <= 28; shift += 7) {
    const byte = readByte(cursor)
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return value
  }
  throw new Error('an integer of more than five bytes')
}

function unfold(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}
