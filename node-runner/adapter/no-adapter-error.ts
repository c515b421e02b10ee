/** No usable adapter: the command line ends with exit code 3. The message says what was tried and what to install. */
export class NoAdapterError extends Error {
  override readonly name = 'NoAdapterError'
}
