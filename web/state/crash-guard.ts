const prefix = 'entrace.showing '

/**
 * Knows at which addresses pages ended while they were showing something: they crashed there, or hung and were closed. Leaves
 * a mark in a storage, `localStorage` of a page, while something is being shown. A page that goes takes its mark along, and one
 * that lives holds a lock of its mark's name, so that what another tab is showing is no crash. Without a storage nothing is
 * known.
 */
export function createCrashGuard(storage: Storage | null, address: () => string) {
  const mark = `${prefix}${performance.timeOrigin} ${Math.random()}`
  // Pages of http addresses of other machines have none; there a mark is a crash.
  const locks = navigator.locks as LockManager | undefined
  let begun = 0
  void locks?.request(mark, () => new Promise(() => {}))
  addEventListener('pagehide', unmark)

  function unmark(): void {
    storage?.removeItem(mark)
  }

  return {
    /** Whether a page ended so at this address; says so once. */
    async hasCrashedAt(here: string): Promise<boolean> {
      if (!storage) return false
      const held = new Set((await locks?.query())?.held?.map(({ name }) => name))
      const left = Object.keys(storage).filter(
        key => key.startsWith(prefix) && !held.has(key) && storage.getItem(key) === here,
      )
      for (const key of left) storage.removeItem(key)
      return left.length > 0
    },
    /** Says that something is about to be shown. Returns what says that it was, which makes it no crash. */
    begin(): () => void {
      begun++
      try {
        storage?.setItem(mark, address())
      } catch {
        // Full or refused: a crash will not be known.
      }
      let isShown = false
      return () => {
        if (isShown) return
        isShown = true
        // What is laid out and painted comes after what was made.
        afterPaint(() => --begun === 0 && unmark())
      }
    },
  }
}

function afterPaint(then: () => void): void {
  // A page that nobody sees is not painted.
  if (document.hidden) setTimeout(then)
  else requestAnimationFrame(() => requestAnimationFrame(then))
}
