/**
 * Bytes that can be read in ranges: a file, a browser File, an HTTP resource. The only way this project reads large files.
 * hyparquet's AsyncBuffer has the same shape.
 */
export interface ByteSource {
  /** Name for error messages: a path or an address. */
  readonly name: string
  /** Whole length in bytes. */
  readonly byteLength: number
  /** Bytes [start, end), `end` defaulting to the whole length. Rejects when the range does not lie within the source. */
  slice(start: number, end?: number): Promise<ArrayBuffer>
}
