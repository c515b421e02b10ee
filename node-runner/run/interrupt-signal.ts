/** A signal that Ctrl-C (or SIGTERM) aborts; a second one ends the process at once, with exit code 130. */
export function interruptSignal(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
    process.stderr.write('\nending after this step; once more ends at once\n')
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', interrupt)
    },
  }
}
