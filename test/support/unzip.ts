import { crc32, inflateRawSync } from 'node:zlib'

/** The files of a ZIP archive by its central directory, and the texts of those that are wanted; sizes and checksums are checked. */
export function unzip(
  archive: Buffer,
  isWanted: (name: string) => boolean = () => true,
): Record<string, string> {
  let end = archive.length - 22
  if (archive.readUInt32LE(end) !== 0x06054b50) throw new Error('no end of central directory')
  let [entries, at] = [archive.readUInt16LE(end + 10), archive.readUInt32LE(end + 16)]
  if (archive.readUInt32LE(end - 20) === 0x07064b50) {
    end = Number(archive.readBigUInt64LE(end - 12))
    if (archive.readUInt32LE(end) !== 0x06064b50) throw new Error('no end of central directory of ZIP64')
    entries = Number(archive.readBigUInt64LE(end + 32))
    at = Number(archive.readBigUInt64LE(end + 48))
  }
  const files: Record<string, string> = {}
  for (let index = 0; index < entries; index++) {
    if (archive.readUInt32LE(at) !== 0x02014b50) throw new Error(`entry ${index} is none`)
    const [crc, compressed, size] = [16, 20, 24].map(place => archive.readUInt32LE(at + place))
    const [nameLength, extra, comment] = [28, 30, 32].map(place => archive.readUInt16LE(at + place))
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength!)
    const local = archive.readUInt32LE(at + 42)
    at += 46 + nameLength! + extra! + comment!
    files[name] = ''
    if (!isWanted(name)) continue
    if (archive.readUInt32LE(local) !== 0x04034b50) throw new Error(`${name} has no header of its own`)
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    const bytes = inflateRawSync(archive.subarray(start, start + compressed!))
    if (bytes.length !== size || crc32(bytes) !== crc) throw new Error(`${name} is not what its entry says`)
    files[name] = bytes.toString('utf8')
  }
  if (at !== end) throw new Error('the central directory does not end where its end begins')
  return files
}
