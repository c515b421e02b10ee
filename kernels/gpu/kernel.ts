/** What a shader declares: the only place where its bindings, parameters and overrides are written down. */
export interface WgslInterface {
  entryPoint: string
  bindings: { name: string; index: number; access: 'uniform' | 'read' | 'read_write' }[]
  /** Members of the shader's Params struct. */
  params: { name: string; type: 'u32' | 'i32' | 'f32' }[]
  overrides: string[]
}

/** A shader that can be dispatched. Pipelines are made on first use for each device and each set of overrides. */
export interface Kernel {
  readonly name: string
  readonly source: string
  readonly interface: WgslInterface
}

/** Bytes of a dispatch's Params at most, and the distance between two of them: WebGPU's default offset alignment. */
export const paramsStrideBytes = 256

/**
 * Declares a kernel from its WGSL: one text, or the shared texts that it needs and its own one last, which are put one
 * after another as they are. Throws when the source does not follow the project's form.
 */
export function defineKernel(name: string, texts: string | readonly string[]): Kernel {
  const source = [texts].flat().join('\n')
  return { name, source, interface: readWgslInterface(name, source) }
}

/** Different Params that fit one recording. */
export const maxParams = 4096

/** A range of a buffer that a kernel's binding is given; a tensor is one. */
export interface BoundRange {
  buffer: GPUBuffer
  offsetBytes: number
}

/** A kernel with its overrides on a device. */
export interface Compiled {
  pipeline: GPUComputePipeline
  layout: GPUBindGroupLayout
}

/** The same while its pipeline is being compiled. */
interface Compiling {
  pipeline: GPUComputePipeline | null
  layout: GPUBindGroupLayout
}

/**
 * What a device makes for its kernels and keeps: a pipeline for each kernel and set of overrides, and for recordings that
 * are submitted at once the buffer of Params, and a bind group for each choice of tensors and place of Params.
 */
export class KernelCache {
  readonly #handle: GPUDevice
  readonly #pipelines = new WeakMap<Kernel, Map<string, Compiled | Compiling>>()
  /** By the first tensor's buffer, with which its bind groups go. */
  readonly #bindGroups = new WeakMap<GPUBuffer, Map<string, GPUBindGroup>>()
  /** Numbers of buffers and kernels: authors may give two kernels one name. */
  readonly #ids = new WeakMap<GPUBuffer | Kernel, number>()
  #nextId = 0
  #params: GPUBuffer | null = null
  /** What is being compiled for a recording that only asks for it; null while recordings are to be used. */
  #ahead: Promise<void>[] | null = null

  constructor(handle: GPUDevice) {
    this.#handle = handle
  }

  /** One for each device: a submit's Params are written in queue order, after the submits before it have used theirs. */
  get params(): GPUBuffer {
    this.#params ??= this.createParams('params', maxParams * paramsStrideBytes)
    return this.#params
  }

  /** Makes a buffer of Params. */
  createParams(label: string, size: number): GPUBuffer {
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST
    return this.#handle.createBuffer({ label, size, usage })
  }

  /**
   * Has all pipelines that `record` asks for compiled side by side, off this thread where the platform can, and resolves when they are
   * there. What it records meanwhile lacks them and must be dropped.
   */
  async compileAhead(record: () => void): Promise<void> {
    const ahead: Promise<void>[] = []
    this.#ahead = ahead
    try {
      record()
    } finally {
      this.#ahead = null
    }
    await Promise.all(ahead)
  }

  /** The pipeline of a kernel with these override values, and the layout of its bind groups. Throws on an override that it lacks. */
  compile(kernel: Kernel, constants: Record<string, number>): Compiled {
    let ofKernel = this.#pipelines.get(kernel)
    if (!ofKernel) this.#pipelines.set(kernel, (ofKernel = new Map()))
    const key = JSON.stringify(constants)
    const cached = ofKernel.get(key)
    // Who needs at once what is still being compiled compiles it itself.
    if (cached && (this.#ahead || cached.pipeline)) return cached as Compiled
    for (const constant of Object.keys(constants))
      if (!kernel.interface.overrides.includes(constant))
        throw new Error(
          `${kernel.name}: has no override ${constant}, only ${kernel.interface.overrides.join(', ') || 'none'}`,
        )
    const layout = this.#handle.createBindGroupLayout({
      label: kernel.name,
      entries: kernel.interface.bindings.map(binding => ({
        binding: binding.index,
        visibility: GPUShaderStage.COMPUTE,
        buffer:
          binding.access === 'uniform'
            ? { type: 'uniform', minBindingSize: kernel.interface.params.length * 4 }
            : { type: binding.access === 'read' ? 'read-only-storage' : 'storage' },
      })),
    })
    const descriptor = {
      label: `${kernel.name} ${key}`,
      layout: this.#handle.createPipelineLayout({ label: kernel.name, bindGroupLayouts: [layout] }),
      compute: {
        module: this.#handle.createShaderModule({ label: kernel.name, code: kernel.source }),
        entryPoint: kernel.interface.entryPoint,
        constants,
      },
    }
    if (this.#ahead) {
      const compiled: Compiling = { pipeline: null, layout }
      const made = this.#handle.createComputePipelineAsync(descriptor).then(pipeline => {
        compiled.pipeline ??= pipeline
      })
      this.#ahead.push(made)
      ofKernel.set(key, compiled)
      return compiled as Compiled
    }
    const pipeline = this.#handle.createComputePipeline(descriptor)
    const compiled = { pipeline, layout }
    ofKernel.set(key, compiled)
    return compiled
  }

  /** The bind group of a kernel with tensors in the order of its bindings, and with Params at a place of the device's own. */
  bindGroup(
    kernel: Kernel,
    layout: GPUBindGroupLayout,
    bound: readonly BoundRange[],
    paramsAt: number,
  ): GPUBindGroup {
    const first = bound[0]!.buffer
    let groups = this.#bindGroups.get(first)
    if (!groups) this.#bindGroups.set(first, (groups = new Map()))
    const key = `${this.#idOf(kernel)} ${paramsAt} ${bound.map(one => `${this.#idOf(one.buffer)}+${one.offsetBytes}`).join(' ')}`
    let group = groups.get(key)
    if (!group) {
      group = this.createBindGroup(kernel, layout, bound, { buffer: this.params, offsetBytes: paramsAt })
      groups.set(key, group)
    }
    return group
  }

  /** Makes such a bind group, with Params at a place of any buffer. */
  createBindGroup(
    kernel: Kernel,
    layout: GPUBindGroupLayout,
    bound: readonly BoundRange[],
    { buffer, offsetBytes: offset }: BoundRange,
  ): GPUBindGroup {
    const params = { buffer, offset, size: Math.max(16, kernel.interface.params.length * 4) }
    return this.#handle.createBindGroup({
      label: kernel.name,
      layout,
      entries: [
        { binding: 0, resource: params },
        ...bound.map((one, index) => ({
          binding: index + 1,
          resource: { buffer: one.buffer, offset: one.offsetBytes },
        })),
      ],
    })
  }

  #idOf(one: GPUBuffer | Kernel): number {
    let id = this.#ids.get(one)
    if (id === undefined) this.#ids.set(one, (id = this.#nextId++))
    return id
  }
}

/** The tensors of a kernel's bindings in their order, by the names of the bindings. Throws where the names do not fit. */
export function bindTensors(kernel: Kernel, tensors: Readonly<Record<string, BoundRange>>): BoundRange[] {
  const bindings = kernel.interface.bindings.slice(1)
  const bound = bindings.map(({ name }) => {
    const tensor = tensors[name]
    if (!tensor) throw new Error(`${kernel.name}: binding ${name} has no tensor`)
    return tensor
  })
  if (bound.length === 0 || Object.keys(tensors).length !== bound.length)
    throw new Error(
      `${kernel.name}: bindings are ${bindings.map(({ name }) => name).join(', ')}; given ${Object.keys(tensors).join(', ')}`,
    )
  return bound
}

/**
 * Reads a kernel's interface from its WGSL: bindings of group 0, the members of `struct Params` (32-bit scalars only,
 * so that each lies 4 bytes after the one before), `override` names and the single entry point.
 * Throws when the source does not follow that form.
 */
export function readWgslInterface(name: string, source: string): WgslInterface {
  const code = source.replace(/\/\/.*$/gm, '')
  const bindings: WgslInterface['bindings'] = []
  const declaration =
    /@group\(0\)\s*@binding\((\d+)\)\s*var<(uniform|storage)(?:,\s*(read|read_write))?>\s*(\w+)\s*:\s*[^;]+;/g
  for (const [, index, space, access, variable] of code.matchAll(declaration))
    bindings.push({
      name: variable ?? '',
      index: Number(index),
      access: space === 'uniform' ? 'uniform' : access === 'read_write' ? 'read_write' : 'read',
    })
  const struct = /struct\s+Params\s*\{([^}]*)\}/.exec(code)?.[1] ?? ''
  const params = struct
    .split(',')
    .map(member => member.trim())
    .filter(Boolean)
    .map(member => {
      const [, parameter, type] = /^(\w+)\s*:\s*(u32|i32|f32)$/.exec(member) ?? []
      if (!parameter || !type)
        throw new Error(`${name}: Params member "${member}" is not a u32, i32 or f32 scalar`)
      return { name: parameter, type: type as 'u32' | 'i32' | 'f32' }
    })
  const overrides = [...code.matchAll(/^\s*override\s+(\w+)/gm)].map(match => match[1] ?? '')
  const entryPoint = /@compute[\s\S]*?fn\s+(\w+)/.exec(code)?.[1]
  if (!entryPoint) throw new Error(`${name}: no @compute entry point`)
  if (
    bindings[0]?.name !== 'params' ||
    bindings[0].access !== 'uniform' ||
    bindings.some((b, i) => b.index !== i)
  )
    throw new Error(
      `${name}: bindings must be numbered from 0 in order, the first being var<uniform> params: Params`,
    )
  return { entryPoint, bindings, params, overrides }
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
