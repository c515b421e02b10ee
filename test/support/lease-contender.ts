import { InputError } from '../../core/input-error.ts'
import { type RunLease, takeLease } from '../../node-runner/run/run-lease.ts'

/** What a contender is told, and what it answers. */
export type ContenderTask =
  | { kind: 'take'; folder: string; silenceMs: number }
  | { kind: 'release'; folder: string }
export type ContenderAnswer =
  | { kind: 'ready' }
  | { kind: 'taken'; folder: string; number: number; ownsJournal: boolean }
  | { kind: 'refused' | 'released'; folder: string }
  | { kind: 'failed'; folder: string; message: string }

// A process that tries to take the leases of the folders that it is told, and keeps each until it is told to release it.
const leases = new Map<string, RunLease>()
const answer = (message: ContenderAnswer) => process.send?.(message)

process.on('message', async (task: ContenderTask) => {
  const { folder } = task
  if (task.kind === 'release') {
    leases.get(folder)?.release()
    leases.delete(folder)
    answer({ kind: 'released', folder })
    return
  }
  try {
    const lease = await takeLease(folder, { times: { beatMs: 15, silenceMs: task.silenceMs } })
    leases.set(folder, lease)
    answer({ kind: 'taken', folder, number: lease.number, ownsJournal: lease.ownsJournal })
  } catch (error) {
    answer(
      error instanceof InputError
        ? { kind: 'refused', folder }
        : {
            kind: 'failed',
            folder,
            message: error instanceof Error ? (error.stack ?? error.message) : String(error),
          },
    )
  }
})
answer({ kind: 'ready' })
