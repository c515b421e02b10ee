import type { Device } from './device.ts'
import { readWgslInterface, type WgslInterface } from './wgsl-interface.ts'

/** A shader that can be dispatched. Pipelines are made on first use for each device and each set of overrides. */
export interface Kernel {
  readonly name: string
  readonly source: string
  readonly interface: WgslInterface
}

/** A compiled pipeline with the layout that its bind groups need. */
export interface CompiledKernel {
  pipeline: GPUComputePipeline
  layout: GPUBindGroupLayout
}

/** Bytes of a dispatch's Params at most, and the distance between two of them: WebGPU's default offset alignment. */
export const paramsStrideBytes = 256

/** Declares a kernel from its WGSL. Throws when the source does not follow the project's form. */
export function defineKernel(name: string, source: string): Kernel {
  return { name, source, interface: readWgslInterface(name, source) }
}

const compiled = new WeakMap<Device, Map<string, CompiledKernel>>()

/** The pipeline of a kernel with these override values, compiled once for each device. */
export function compileKernel(
  device: Device,
  kernel: Kernel,
  constants: Record<string, number>,
): CompiledKernel {
  let pipelines = compiled.get(device)
  if (!pipelines) compiled.set(device, (pipelines = new Map()))
  const key = `${kernel.name} ${JSON.stringify(constants)}`
  const cached = pipelines.get(key)
  if (cached) return cached
  for (const constant of Object.keys(constants))
    if (!kernel.interface.overrides.includes(constant))
      throw new Error(
        `${kernel.name}: has no override ${constant}, only ${kernel.interface.overrides.join(', ') || 'none'}`,
      )
  const layout = device.handle.createBindGroupLayout({
    label: kernel.name,
    entries: kernel.interface.bindings.map(binding => ({
      binding: binding.index,
      visibility: GPUShaderStage.COMPUTE,
      buffer:
        binding.access === 'uniform'
          ? { type: 'uniform', hasDynamicOffset: true, minBindingSize: kernel.interface.params.length * 4 }
          : { type: binding.access === 'read' ? 'read-only-storage' : 'storage' },
    })),
  })
  const pipeline = device.handle.createComputePipeline({
    label: key,
    layout: device.handle.createPipelineLayout({ label: kernel.name, bindGroupLayouts: [layout] }),
    compute: {
      module: device.handle.createShaderModule({ label: kernel.name, code: kernel.source }),
      entryPoint: kernel.interface.entryPoint,
      constants,
    },
  })
  const result = { pipeline, layout }
  pipelines.set(key, result)
  return result
}

/** Writes parameter values in the order and types that the shader declares. Throws on a missing or unknown name. */
export function packParams(
  kernel: Kernel,
  values: Record<string, number>,
  into: DataView,
  offsetBytes: number,
): void {
  const { params } = kernel.interface
  if (Object.keys(values).length !== params.length)
    throw new Error(
      `${kernel.name}: Params has ${params.map(p => p.name).join(', ')}; given ${Object.keys(values).join(', ')}`,
    )
  params.forEach(({ name, type }, index) => {
    const value = values[name]
    if (value === undefined) throw new Error(`${kernel.name}: parameter ${name} is missing`)
    const at = offsetBytes + index * 4
    if (type === 'f32') into.setFloat32(at, value, true)
    else if (type === 'u32') into.setUint32(at, value, true)
    else into.setInt32(at, value, true)
  })
}
