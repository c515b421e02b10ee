import { GroupAbortedError } from '../../core/parallel/exchange.ts'

/**
 * The results of a call that all ranks of an engine run. When one fails the others are told by their exchange and get
 * `settleMs` to end; the failure that came first is thrown, not those that followed from it.
 */
export async function settleRanks<T>(calls: readonly Promise<T>[], settleMs: number): Promise<T[]> {
  let failure: { error: unknown } | null = null
  const watched = calls.map(call =>
    call.catch(error => {
      if (!failure || isConsequence(failure.error)) failure = { error }
      throw error
    }),
  )
  const firstFailure = Promise.all(watched).catch(() => new Promise(resolve => setTimeout(resolve, settleMs)))
  await Promise.race([Promise.allSettled(watched), firstFailure])
  if (failure) throw (failure as { error: unknown }).error
  return Promise.all(watched)
}

/** Whether an error only says that another rank failed. Its class is lost on the way between threads, its name is not. */
function isConsequence(error: unknown): boolean {
  return error instanceof Error && error.name === GroupAbortedError.name
}
