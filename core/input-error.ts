const mostCharacters = 8000

/**
 * The input or the command is wrong: a file, a flag, a data set, a model. The command line ends with exit code 2.
 * The message is one paragraph: what, where, expected, found, and what to do. What a file put into it is cut out of the middle
 * where it is longer than anybody reads.
 */
export class InputError extends Error {
  override readonly name = 'InputError'

  constructor(message: string, options?: ErrorOptions) {
    super(shortened(message), options)
  }
}

function shortened(message: string): string {
  if (message.length <= mostCharacters) return message
  const kept = mostCharacters / 2
  return `${message.slice(0, kept)} … (${message.length - 2 * kept} more characters) … ${message.slice(-kept)}`
}
