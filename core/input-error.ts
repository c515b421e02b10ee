import type { z } from 'zod'

const mostCharacters = 8000
const mostIssues = 10

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

/**
 * What a Zod validation found, on one line: "eos_token_id: expected number, received string; ...". Of more than ten faults the
 * first ten, and how many there are besides.
 */
export function describeIssues({ issues }: z.ZodError): string {
  const described = issues.slice(0, mostIssues).map(issue => {
    const path = issue.path.map(String).join('.')
    const message = issue.message.replace(/^Invalid input: /, '')
    return path === '' ? message : `${path}: ${message}`
  })
  if (issues.length > mostIssues) described.push(`and ${issues.length - mostIssues} more`)
  return described.join('; ')
}

/** A key or a name that stands in a file as a message has it: on one line, and no longer than anybody reads. */
export function shownName(name: string): string {
  const cut = name.length <= 100 ? name : `${name.slice(0, 100)}…`
  return cut.replaceAll(/\s/g, ' ')
}
