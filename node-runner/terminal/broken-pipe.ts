/**
 * A signal that aborts when the reader of a stream has gone, as `head` does once it has read enough, or a terminal that was
 * closed. What is written
 * after that is lost in silence: without a listener Node would end the process with a stack trace.
 */
export function brokenPipeSignal(stream: NodeJS.WriteStream): AbortSignal {
  const controller = new AbortController()
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    controller.abort()
  })
  return controller.signal
}
