import type { Command } from 'commander'
import { vi } from 'vitest'

/**
 * Runs a command in this process, where a process of its own would take most of the time. Returns what it printed; rejects
 * with what it throws.
 */
export async function runCommand(command: Command, args: readonly string[]) {
  const printed = { stdout: '', stderr: '' }
  const log = vi.spyOn(console, 'log').mockImplementation(text => void (printed.stdout += `${text}\n`))
  const error = vi.spyOn(console, 'error').mockImplementation(text => void (printed.stderr += `${text}\n`))
  try {
    await command.exitOverride().parseAsync([...args], { from: 'user' })
    return printed
  } finally {
    log.mockRestore()
    error.mockRestore()
  }
}
