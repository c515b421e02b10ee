/**
 * The input or the command is wrong: a file, a flag, a data set, a model. The command line ends with exit code 2.
 * The message is one paragraph: what, where, expected, found, and what to do.
 */
export class InputError extends Error {
  override readonly name = 'InputError'
}
