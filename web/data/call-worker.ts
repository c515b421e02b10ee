/**
 * Makes calls of a worker end when the worker could not start or stopped: by themselves they would never. Returns what
 * every call is put through.
 */
export function callWorker(worker: Worker): <Result>(result: Promise<Result>) => Promise<Result> {
  const failed = new Promise<never>((_, reject) => {
    worker.addEventListener('error', event => {
      reject(
        new Error(
          `the page's worker stopped (${event.message || 'it could not be loaded'}); reload the page`,
        ),
      )
    })
  })
  failed.catch(() => {})
  return result => Promise.race([result, failed])
}
