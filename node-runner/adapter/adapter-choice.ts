/**
 * `auto`: a hardware GPU if Dawn sees one, else a CPU adapter: lavapipe from Mesa 25 on where it is installed, SwiftShader
 * where it is not. `cpu`: SwiftShader. A name picks the first adapter whose name contains it.
 */
export type AdapterChoice = 'auto' | 'cpu' | 'gpu' | (string & {})

/** What `--adapter` takes, for `--help`. */
export const adapterHelp =
  'auto (a GPU; where there is none lavapipe from Mesa 25 on, else SwiftShader), cpu (SwiftShader), gpu, or part of an adapter name'

/** How the name of Mesa's CPU adapter begins, as "llvmpipe (LLVM 19.1.7, 256 bits)". */
export const lavapipeName = 'llvmpipe'

/** The oldest Mesa whose lavapipe `auto` takes: the first with which Dawn and every kernel here were tried. */
const oldestMesa = 25

/**
 * Whether a description of an adapter ("llvmpipe: Mesa 25.0.7 (LLVM 19.1.7) 0.0.1") is that of a lavapipe which `auto` prefers to
 * SwiftShader. A name and a version decide, never a timing: bits hang on the adapter, and a busy machine must not change them.
 */
export function isPreferredCpu(description: string): boolean {
  return Number(/\bllvmpipe\b.*\bMesa (\d+)/.exec(description)?.[1] ?? 0) >= oldestMesa
}

/**
 * What `auto` means where a run goes on that was begun on adapters of these names, as their devices report them: the
 * same CPU adapter, whichever it would take today.
 */
export function choiceToResume(choice: AdapterChoice, begunOn: readonly string[]): AdapterChoice {
  const all = (pattern: RegExp) => begunOn.length > 0 && begunOn.every(name => pattern.test(name))
  if (choice !== 'auto') return choice
  if (all(/\bswiftshader\b/i)) return 'SwiftShader'
  return all(/\bllvmpipe\b/) ? lavapipeName : choice
}

/** One sentence for people: why a choice takes the adapter of this kind and description. */
export function whyChosen(choice: AdapterChoice, kind: 'cpu' | 'gpu', description: string): string {
  if (choice !== 'auto') return `--adapter ${choice} asks for it`
  if (kind === 'gpu') return 'auto takes a GPU where Dawn sees one'
  const byName = 'by name and version, never by a timing'
  if (isPreferredCpu(description))
    return `Dawn sees no GPU, and auto takes lavapipe from Mesa ${oldestMesa} on before SwiftShader (${byName}; --adapter cpu takes SwiftShader)`
  return `Dawn sees no GPU and no lavapipe from Mesa ${oldestMesa} on, which auto would take before any other CPU adapter (${byName})`
}

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
