/**
 * Makes calls of a worker end when the worker could not start or stopped, or `ended` rejects: by themselves they would never.
 * Returns what every call is put through.
 */
export function callWorker(
  worker: Worker,
  ended: Promise<never> | null = null,
): <Result>(result: Promise<Result>) => Promise<Result> {
  const failed = new Promise<never>((_, reject) => {
    worker.addEventListener('error', event => {
      reject(
        new Error(
          `the page's worker stopped (${event.message || 'it could not be loaded'}); reload the page`,
        ),
      )
    })
  })
  const either = ended ? Promise.race([failed, ended]) : failed
  either.catch(() => {})
  return result => Promise.race([result, either])
}
