import { basename, dirname, relative, sep } from 'node:path'
import { tokenizerFileNames } from '../../core/tokenizer/tokenizer-files.ts'
import { fileWithin } from './file-within.ts'

// What continuing an answer reads; the folder may hold other things.
const names = new Set<string>([
  'config.json',
  'generation_config.json',
  'model.safetensors.index.json',
  ...tokenizerFileNames,
])

/** A model's file by its plain name, as a real path; null for what continuing an answer does not read, as for `fileWithin`. */
export async function modelFileWithin(folder: string, name: string): Promise<string | null> {
  if (!names.has(name) && !/^[\w.-]+\.safetensors$/.test(name)) return null
  const snapshots = dirname(folder)
  // In the Hub's cache a commit's files are links to those of its repository.
  const root = basename(snapshots) === 'snapshots' ? dirname(snapshots) : folder
  return fileWithin(root, [...relative(root, folder).split(sep), name].filter(Boolean).join('/'))
}
