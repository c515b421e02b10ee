/** One line on standard error: standard output belongs to the command that follows. */
export function say(line) {
  process.stderr.write(`entrace: ${line}\n`)
}

/** The set-up cannot go on; the message says what to do about it. */
export class SetupError extends Error {
  /** @param {string} message @param {number} exitCode what the process ends with */
  constructor(message, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
