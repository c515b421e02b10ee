/** Knows at which address a page ended while it was showing something: it crashed there, or hung and was closed. */
export interface CrashGuard {
  /** The address of the last such end that nobody asked for yet; null without one. */
  crashedAt(): Promise<string | null>
  /** Says that something is about to be shown. Returns what says that it was, which makes it no crash. */
  begin(): () => void
}

const key = 'entrace.showing'

/**
 * A guard that leaves a mark in a storage, `localStorage` of a page, while something is being shown. A page that goes takes
 * its mark along, and one that lives holds a lock, so that what another tab is showing is no crash. Without a storage nothing
 * is known.
 */
export function createCrashGuard(
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null,
  address: () => string,
): CrashGuard {
  const lock = `${key} ${performance.timeOrigin} ${Math.random()}`
  // Pages of http addresses of other machines have none; there a mark is a crash.
  const locks = navigator.locks as LockManager | undefined
  let begun = 0
  void locks?.request(lock, () => new Promise(() => {}))
  addEventListener('pagehide', unmark)

  function unmark(): void {
    try {
      storage?.removeItem(key)
    } catch {
      // Refused, as it was when it was to be written.
    }
  }

  return {
    async crashedAt() {
      const mark = parseMark(storage?.getItem(key) ?? null)
      const held = (await locks?.query())?.held ?? []
      if (!mark || held.some(({ name }) => name === mark.lock)) return null
      unmark()
      return mark.address
    },
    begin() {
      begun++
      try {
        storage?.setItem(key, JSON.stringify({ address: address(), lock }))
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

function parseMark(text: string | null): { address: string; lock: string } | null {
  try {
    const { address, lock } = JSON.parse(text ?? '')
    return typeof address === 'string' ? { address, lock } : null
  } catch {
    return null
  }
}

function afterPaint(then: () => void): void {
  // A page that nobody sees is not painted.
  if (document.hidden) setTimeout(then)
  else requestAnimationFrame(() => requestAnimationFrame(then))
}
