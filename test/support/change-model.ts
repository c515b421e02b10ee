import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeSafetensors } from './encode-safetensors.ts'

/** A tensor in the header of a safetensors file. */
export interface HeaderTensor {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

/** A copy of a model folder, made in `parent`, after `change` has had its way with its files. */
export function changedModel(
  parent: string,
  model: string,
  change: (file: (name: string) => string) => void,
): string {
  const folder = mkdtempSync(join(parent, 'model-'))
  cpSync(model, folder, { recursive: true })
  change(name => join(folder, name))
  return folder
}

/** Writes a safetensors file again with its header changed and its data as they were. */
export function changeHeader(path: string, change: (header: Record<string, HeaderTensor>) => void): void {
  const { header, data } = readSafetensors(path)
  change(header)
  writeFileSync(path, encodeSafetensors(header, data))
}

/** Writes 16-bit numbers over a tensor's, from its element `first` on. */
export function overwriteTensor(path: string, name: string, first: number, bits: Uint16Array): void {
  const { header, data } = readSafetensors(path)
  const [begin] = header[name]!.data_offsets
  data.set(new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength), begin + first * 2)
  writeFileSync(path, encodeSafetensors(header, data))
}

function readSafetensors(path: string): { header: Record<string, HeaderTensor>; data: Uint8Array } {
  const bytes = readFileSync(path)
  const headerEnd = 8 + Number(bytes.readBigUInt64LE(0))
  return {
    header: JSON.parse(bytes.toString('utf8', 8, headerEnd)) as Record<string, HeaderTensor>,
    data: bytes.subarray(headerEnd),
  }
}
