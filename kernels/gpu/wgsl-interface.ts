/** A binding as a shader declares it. */
export interface WgslBinding {
  name: string
  index: number
  access: 'uniform' | 'read' | 'read_write'
  /** Element type, for storage arrays: f32, u32, vec4<f32>, ... */
  element: string
}

/** A member of the shader's Params struct. */
export interface WgslParam {
  name: string
  type: 'u32' | 'i32' | 'f32'
}

/** What a shader declares: the only place where its bindings, parameters and overrides are written down. */
export interface WgslInterface {
  entryPoint: string
  bindings: WgslBinding[]
  params: WgslParam[]
  overrides: string[]
}

/**
 * Reads a kernel's interface from its WGSL: bindings of group 0, the members of `struct Params` (32-bit scalars only,
 * so that each lies 4 bytes after the one before), `override` names and the single entry point.
 * Throws when the source does not follow that form.
 */
export function readWgslInterface(name: string, source: string): WgslInterface {
  const code = source.replace(/\/\/.*$/gm, '')
  const bindings: WgslBinding[] = []
  const declaration =
    /@group\(0\)\s*@binding\((\d+)\)\s*var<(uniform|storage)(?:,\s*(read|read_write))?>\s*(\w+)\s*:\s*([^;]+);/g
  for (const [, index, space, access, variable, type] of code.matchAll(declaration)) {
    const element = /^array<(.+)>$/.exec(type?.trim() ?? '')?.[1] ?? type?.trim() ?? ''
    bindings.push({
      name: variable ?? '',
      index: Number(index),
      access: space === 'uniform' ? 'uniform' : access === 'read_write' ? 'read_write' : 'read',
      element,
    })
  }
  const struct = /struct\s+Params\s*\{([^}]*)\}/.exec(code)?.[1] ?? ''
  const params = struct
    .split(',')
    .map(member => member.trim())
    .filter(Boolean)
    .map(member => {
      const [, parameter, type] = /^(\w+)\s*:\s*(u32|i32|f32)$/.exec(member) ?? []
      if (!parameter || !type)
        throw new Error(`${name}: Params member "${member}" is not a u32, i32 or f32 scalar`)
      return { name: parameter, type: type as WgslParam['type'] }
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
