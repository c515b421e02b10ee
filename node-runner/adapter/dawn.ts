import { create, globals } from 'webgpu'
import type { GpuProvider } from '../../kernels/gpu/device.ts'
import { type AdapterChoice, isPreferredCpu, lavapipeName, noAdapterError } from './adapter-choice.ts'
import { ensureVulkanLoader, hasVulkanDriver, useCpuDriver } from './vulkan-driver.ts'

/** Options of `openAdapter`. */
export interface OpenAdapterOptions {
  /** Drop Dawn's validation and bounds checks: faster, and unsafe with a wrong shader. */
  unsafeFast?: boolean
  /** Sleep rather than spin until the device is done, as is always done with an adapter that computes on the CPU. */
  sleeps?: boolean
}

/**
 * Opens the adapter that was asked for. The CPU adapter that comes along is SwiftShader, with its own Vulkan loader, so that no
 * system library is needed. Throws NoAdapterError when there is none.
 */
export async function openAdapter(
  choice: AdapterChoice = 'auto',
  options: OpenAdapterOptions = {},
): Promise<GpuProvider> {
  if (choice !== 'cpu' && hasVulkanDriver()) {
    const named = choice !== 'auto' && choice !== 'gpu'
    const opened = await openNamedAdapter(named ? choice : null, options)
    if (opened && (named || !opened.adapter.info.isFallbackAdapter)) return opened
    // The first may be another CPU adapter than the one that `auto` prefers.
    const lavapipe = choice === 'auto' && opened ? await openNamedAdapter(lavapipeName, options) : null
    if (lavapipe && isPreferredCpu(lavapipe.adapter.info.description)) return lavapipe
  }
  if (choice === 'gpu') throw noAdapterError(choice, await adapterNames())
  useCpuDriver()
  const opened = await openNamedAdapter(choice === 'cpu' || choice === 'auto' ? null : choice, options)
  const wrongKind = choice === 'cpu' && opened?.adapter.info.isFallbackAdapter === false
  if (!opened || wrongKind) throw noAdapterError(choice, await adapterNames())
  return opened
}

/** Opens Dawn's adapter that computes nothing: it checks shaders and calls as any other does, on any machine. */
export async function openNullAdapter(): Promise<GpuProvider> {
  Object.assign(globalThis, globals)
  const gpu = create(['backend=null'])
  const adapter = await gpu.requestAdapter(fastest)
  if (!adapter) throw noAdapterError('null', [])
  return { gpu, adapter }
}

/** Names of all adapters that Dawn sees now, as `adapter=NAME` matches them, in the order in which it looks for one. */
export async function adapterNames(): Promise<string[]> {
  if (!ensureVulkanLoader() || !hasVulkanDriver()) return []
  // Dawn lists the adapters only in the error about one that does not exist.
  const message = await create(['adapter=\u0001'])
    .requestAdapter(fastest)
    .then(() => '', String)
  return [...message.matchAll(/name: '(.*)'/g)].map(match => match[1] ?? '')
}

/** Opens the first adapter whose name contains `name`, or the first of all; null when there is none. */
export async function openNamedAdapter(
  name: string | null,
  options: OpenAdapterOptions = {},
): Promise<GpuProvider | null> {
  Object.assign(globalThis, globals)
  if (!ensureVulkanLoader()) return null
  const gpu = create(dawnFlags(options, name))
  // A name that no adapter has makes Dawn reject instead of answering null.
  const adapter = await gpu.requestAdapter(fastest).catch(() => null)
  return (
    adapter && { gpu, adapter, ...(adapter.info.isFallbackAdapter || options.sleeps ? { sleepUntil } : {}) }
  )
}

const fastest = { powerPreference: 'high-performance' } as const

function dawnFlags(options: OpenAdapterOptions, name: string | null): string[] {
  const enable = ['vulkan_enable_f16_on_nvidia']
  if (options.unsafeFast) enable.push('skip_validation', 'disable_robustness')
  const flags = [`enable-dawn-features=${enable.join(',')}`, 'disable-dawn-features=timestamp_quantization']
  return name === null ? flags : [...flags, `adapter=${name}`]
}

const never = new Int32Array(new SharedArrayBuffer(4))
/** Naps are first long beside a turn of the event loop, and at last short beside a step of a model on a CPU adapter. */
const napMs = { first: 0.05, longest: 0.2 }

/**
 * Lets this thread sleep in short naps until a promise settles. Dawn looks in every turn of the event loop whether a
 * mapping is done, which keeps a core busy: one that a CPU adapter, which computes on the same cores, needs itself, or
 * that other ranks need where there are more of them than cores.
 */
export function sleepUntil(settled: Promise<unknown>): void {
  let pending = true
  let forMs = napMs.first
  const end = () => {
    pending = false
  }
  settled.then(end, end)
  const nap = () => {
    if (!pending) return
    Atomics.wait(never, 0, 0, forMs)
    forMs = Math.min(2 * forMs, napMs.longest)
    setImmediate(nap)
  }
  setImmediate(nap)
}
