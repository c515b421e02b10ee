// Names of adapters as Dawn lists them, and with the number that the layer in ./adapter-number-layer appends.
const numberPattern = / #(\d+) of \d+$/

/** An adapter's number, where its name carries one. */
export function adapterNumber(name: string): number | null {
  const match = numberPattern.exec(name)
  return match && Number(match[1])
}

/** An adapter's name without its number: what adapters of one model have in common. */
export function unnumberedName(name: string): string {
  return name.replace(numberPattern, '')
}

/** Whether `--adapter` asks for an adapter by its number: "#3", "H200 #3", "NVIDIA H200 #3 of 8". */
export function namesNumber(choice: string): boolean {
  return /#\d/.test(choice)
}

/** Whether a name contains what `--adapter` asks for; "#1" does not ask for "#10". */
export function fitsName(name: string, choice: string): boolean {
  return /#\d+$/.test(choice) ? name.includes(`${choice} `) : name.includes(choice)
}

/** A name as GPUAdapterInfo shows it: WebGPU, "normalized identifier string". */
export function normalizedIdentifier(name: string): string {
  return name
    .replaceAll(/[^a-zA-Z0-9]+/g, '-')
    .replace(/^-/, '')
    .toLowerCase()
}

/** No usable adapter: the command line ends with exit code 3. The message says what was tried and what to install. */
export class NoAdapterError extends Error {
  override readonly name = 'NoAdapterError'
}
