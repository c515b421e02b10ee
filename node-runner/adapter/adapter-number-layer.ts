import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, makeFolderAtomic } from '../files/folders.ts'

// Dawn picks an adapter by a part of its name, so eight GPUs of one name are one to it. Why a Vulkan layer that makes
// their names differ, and not something smaller:
// - VK_DRIVER_FILES chooses drivers, and one driver serves all eight.
// - VK_LOADER_DEVICE_SELECT, VK_LOADER_DEVICE_ID_FILTER and MESA_VK_DEVICE_SELECT go by vendor and device id, which
//   equal GPUs share. DRI_PRIME takes a PCI address, but only Mesa reads it.
// - CUDA_VISIBLE_DEVICES does not concern NVIDIA's Vulkan driver; containers and namespaces that hide device files
//   separate processes, and ranks are threads of one.
// - Any variable is the process's own: threads that open different adapters at one time cannot each set it.
// - Dawn itself can take an adapter's LUID or an index from its list, which its Node binding passes on to nobody.
const layerName = 'VK_LAYER_ENTRACE_adapter_number'

/** The layer cannot be built; the message says why in one sentence and in the next what to do. */
export class LayerBuildError extends Error {
  override readonly name = 'LayerBuildError'
}

/**
 * From here on, adapters that this process lists and opens carry a number: "NVIDIA H200 #3 of 8". Call it on the main
 * thread before any worker starts: it sets variables that the Vulkan loader reads, and what a worker sets, stays its own.
 * Throws LayerBuildError where the layer cannot be built.
 */
export function numberAdapters(): void {
  const folder = buildAdapterNumberLayer()
  // The older names of these variables, since loaders such as Ubuntu 22.04's know no others.
  process.env['VK_LAYER_PATH'] = withItem(process.env['VK_LAYER_PATH'], folder)
  process.env['VK_INSTANCE_LAYERS'] = withItem(process.env['VK_INSTANCE_LAYERS'], layerName)
}

function withItem(list: string | undefined, item: string): string {
  const items = list ? list.split(':') : []
  return items.includes(item) ? items.join(':') : [item, ...items].join(':')
}

/** Builds the layer with the system's C compiler, once for each compiler; returns the folder of its manifest. */
export function buildAdapterNumberLayer(): string {
  if (process.platform !== 'linux')
    throw new LayerBuildError(
      `this is ${process.platform}, and only Linux has it. Choose one adapter with --adapter`,
    )
  const source = readFileSync(new URL('./adapter-number-layer/adapter-number-layer.c', import.meta.url))
  const { command, version } = findCompiler()
  // All that decides what is built.
  const inputs = [process.arch, command, version, compilerFlags, manifest]
  const key = createHash('sha256').update(source).update(JSON.stringify(inputs)).digest('hex')
  const folder = join(cacheFolder(), `adapter-number-layer-${key.slice(0, 16)}`)
  makeFolderAtomic(folder, staging => {
    const args = [...compilerFlags, '-x', 'c', '-', '-o', join(staging, libraryName)]
    const { status, stderr } = runCompiler(command, args, source)
    const lines = (stderr ?? '').split('\n')
    const reason = lines.find(line => line.includes('error')) ?? lines[0]
    if (status !== 0)
      throw new LayerBuildError(`${command.join(' ')} cannot compile it (${reason}). ${installCompiler}`)
    writeFileSync(join(staging, 'adapter-number-layer.json'), JSON.stringify(manifest))
  })
  return folder
}

const compilerFlags = '-std=c11 -O2 -Wall -Wextra -shared -fPIC -fvisibility=hidden -pthread'.split(' ')
const libraryName = 'libadapter-number-layer.so'

/** What the loader reads: Vulkan-Loader, docs/LoaderLayerInterface.md, "Layer Manifest File Format". */
const manifest = {
  file_format_version: '1.0.0',
  layer: {
    name: layerName,
    type: 'GLOBAL',
    library_path: `./${libraryName}`,
    api_version: '1.4.0',
    implementation_version: '1',
    description: 'Numbers the names of adapters',
  },
}

const installCompiler =
  'Install a C compiler with its headers (Debian, Ubuntu: apt-get install gcc libc6-dev; Fedora: dnf install gcc), ' +
  'or name one in CC'

/** The first compiler that runs: $CC (a command, flags allowed), cc, gcc, clang. */
function findCompiler(): { command: string[]; version: string } {
  const named = process.env['CC']?.trim()
  for (const text of [...(named ? [named] : []), 'cc', 'gcc', 'clang']) {
    const command = text.split(/\s+/)
    const { status, stdout } = runCompiler(command, ['--version'])
    if (status === 0) return { command, version: stdout }
  }
  throw new LayerBuildError(
    `there is no C compiler (looked for ${named ? `CC=${named}, ` : ''}cc, gcc and clang). ${installCompiler}`,
  )
}

function runCompiler([executable = '', ...flags]: string[], args: string[], input?: Uint8Array) {
  return spawnSync(executable, [...flags, ...args], {
    encoding: 'utf8',
    ...(input && { input }),
    // Its messages are quoted in ours.
    env: { ...process.env, LC_ALL: 'C' },
  })
}
