import { setTimeout } from 'node:timers/promises'
import { type CommandResult, startEntrace } from './run-entrace.ts'
import { journalLines } from './run-files.ts'

/** Starts a command that answers into a run's folder, and sends it a signal once its journal holds so many lines. */
export async function endAfter(
  args: readonly string[],
  folder: string,
  lines: number,
  signal: NodeJS.Signals,
): Promise<CommandResult> {
  const { child, result } = startEntrace(args)
  let ended = false
  void result.then(() => (ended = true))
  while (journalLines(folder) < lines && !ended) await setTimeout(5)
  child.kill(signal)
  return result
}
