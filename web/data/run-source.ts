import { addressFiles, givenFiles, type RunFiles } from '../../core/run/run-files.ts'

/** Where a run is: the folder at an address, or files that were dropped on the page. */
export type RunSource = { kind: 'address'; address: string } | { kind: 'files'; files: File[] }

/** The files of a source. */
export function filesOf(source: RunSource): RunFiles {
  switch (source.kind) {
    case 'address':
      return addressFiles(source.address)
    case 'files':
      return givenFiles(source.files)
    default:
      return source satisfies never
  }
}

/** What an address says of a run that was dropped or chosen as files: a link cannot carry it. */
export const droppedRun = 'dropped'

/**
 * The run of a name in the page's address: an address, relative to the page or absolute, or the files that were dropped.
 * Throws with what is wrong in words when a page cannot read from there.
 */
export function namedSource(name: string, dropped: File[] | null): RunSource {
  if (name === droppedRun) {
    if (dropped) return { kind: 'files', files: dropped }
    throw new Error(
      'The run was opened from files, which the page has no right to open again; drop them again, or choose them.',
    )
  }
  const page = location.origin + location.pathname
  const address = URL.canParse(name, page) ? new URL(name, page) : null
  if (!address || !/^https?:$/.test(address.protocol))
    throw new Error(
      `${name}: expected an http or https address, found ${address?.protocol ?? 'none'}; check the link`,
    )
  return { kind: 'address', address: address.href }
}
