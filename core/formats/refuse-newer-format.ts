import { InputError } from '../input-error.ts'
import { formatVersion } from './sample-record.ts'

/** Throws InputError for a file of a newer major version, which may mean other things by the same names. */
export function refuseNewerFormat(where: string, version: unknown): void {
  const major = (value: string) => Number.parseInt(value, 10)
  if (typeof version !== 'string' || !(major(version) <= major(formatVersion)))
    throw new InputError(
      `${where}: format version ${JSON.stringify(version)}, expected ${major(formatVersion)}.x; use the version of entrace that wrote it`,
    )
}
