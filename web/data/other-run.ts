import { addressSource } from './address-source.ts'
import { type OpenRun, openRun } from './open-run.ts'

/** The run that the shown one is compared with. It stays open, so that the next comparison with it costs nothing. */
export interface OtherRun {
  /** Opens the run at an address, and closes the one before. Rejects with what is wrong in words. */
  open(address: string): Promise<OpenRun>
  close(): void
}

/** No other run yet. */
export function createOtherRun(): OtherRun {
  let last: { address: string; opening: Promise<OpenRun> } | null = null
  function close(): void {
    last?.opening.then(
      run => run.close(),
      () => {},
    )
    last = null
  }
  return {
    async open(address) {
      if (last?.address === address) return last.opening
      close()
      const own = (last = { address, opening: openRun(addressSource(address)) })
      own.opening.catch(() => {
        // The next one tries again.
        if (last === own) last = null
      })
      return own.opening
    },
    close,
  }
}
