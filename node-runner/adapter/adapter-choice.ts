/** `auto`: a hardware GPU if Dawn sees one, else the CPU adapter; a name picks the first adapter whose name contains it. */
export type AdapterChoice = 'auto' | 'cpu' | 'gpu' | (string & {})

/** What the layer in ./adapter-number-layer appends to the names of adapters, as Dawn lists them. */
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

/** The error for a choice that none of the adapters which Dawn sees fits. */
export function noAdapterError(choice: AdapterChoice, names: string[]): NoAdapterError {
  const seen = names.length > 0 ? names.map(name => `"${name}"`).join(', ') : 'none'
  return new NoAdapterError(
    `no usable WebGPU adapter: asked for --adapter ${choice}, Dawn sees ${seen}. For a GPU install its Vulkan driver ` +
      '(NVIDIA: the driver package that brings nvidia_icd.json; Debian: mesa-vulkan-drivers) and check with "entrace doctor"; ' +
      'without a GPU install the CPU adapter: npm install @sparticuz/chromium (Linux on x64; npm leaves it out by itself under Node ' +
      'below 22.17), or any Vulkan CPU driver, ' +
      'named in VK_DRIVER_FILES.',
  )
}
