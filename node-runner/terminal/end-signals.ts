/** What asks a command to end: Ctrl-C, a batch system's end or the warning before it, a terminal that has gone. */
export const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const

/** Where a process was started by another that passes signals on, one that was sent to both arrives twice. */
const sameSignalMs = 500

/**
 * Has every interrupt end this process at once, with exit code 130 and a word, as long as no `interruptSignal` answers it: while
 * a command is loaded and prepares, and while results are written. What is held is released as the process exits. Tells a
 * parent that waits for it that signals may be sent now.
 */
export function endOnInterrupt(): void {
  for (const name of interrupts) process.on(name, endAtOnce)
  process.send?.('ready')
}

/** Lets interrupts end this process as the system does, also while it is busy in one go and could not answer. */
export function dieOnInterrupt(): void {
  for (const name of interrupts) process.off(name, endAtOnce)
}

function endAtOnce(): void {
  process.stderr.write('\nentrace: interrupted; the same command goes on from what is kept\n')
  process.exit(130)
}

/**
 * A signal that the first interrupt aborts; a second one ends the process at once, with exit code 130. `said` is what the first
 * one writes to standard error.
 */
export function interruptSignal(said = '\nending after this step; once more ends at once\n'): {
  signal: AbortSignal
  release(): void
} {
  const controller = new AbortController()
  let abortedMs = 0
  const interrupt = () => {
    const nowMs = performance.now()
    if (controller.signal.aborted) {
      if (process.channel && nowMs - abortedMs < sameSignalMs) return
      process.exit(130)
    }
    abortedMs = nowMs
    controller.abort()
    process.stderr.write(said)
  }
  const before = interrupts.filter(name => process.listeners(name).includes(endAtOnce))
  // The new listener first, here and in the end, so that no moment is without one.
  for (const name of interrupts) process.on(name, interrupt)
  dieOnInterrupt()
  return {
    signal: controller.signal,
    release(): void {
      for (const name of before) process.on(name, endAtOnce)
      for (const name of interrupts) process.off(name, interrupt)
    },
  }
}

/**
 * A signal that aborts when the reader of a stream has gone, as `head` does once it has read enough, or a terminal that was
 * closed. What is written after that is lost in silence: without a listener Node would end the process with a stack trace.
 */
export function brokenPipeSignal(stream: NodeJS.WriteStream): AbortSignal {
  const controller = new AbortController()
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    controller.abort()
  })
  return controller.signal
}
