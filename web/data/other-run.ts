import { droppedRun, namedSource } from './named-source.ts'
import { type OpenRun, openRun } from './open-run.ts'

/** The run that the shown one is compared with. It stays open, so that the next comparison with it costs nothing. */
export interface OtherRun {
  /** Opens the run of a name (see `namedSource`), and closes the one before. Rejects with what is wrong in words. */
  open(name: string): Promise<OpenRun>
  /** Takes files as the other run. Returns its name. */
  choose(files: File[]): string
  close(): void
}

/** No other run yet. */
export function createOtherRun(): OtherRun {
  let chosen: File[] | null = null
  let last: { name: string; opening: Promise<OpenRun> } | null = null
  function close(): void {
    last?.opening.then(
      run => run.close(),
      () => {},
    )
    last = null
  }
  return {
    async open(name) {
      if (last?.name === name) return last.opening
      close()
      const own = (last = { name, opening: openRun(namedSource(name, chosen)) })
      own.opening.catch(() => {
        // The next one tries again.
        if (last === own) last = null
      })
      return own.opening
    },
    choose(files) {
      if (last?.name === droppedRun) close()
      chosen = files
      return droppedRun
    },
    close,
  }
}
