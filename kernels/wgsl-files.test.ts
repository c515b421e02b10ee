import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { openNullAdapter } from '../node-runner/adapter/dawn.ts'
import { allBenches } from './all-cases.ts'
import { openDevice } from './gpu/device.ts'
import { type Kernel, readWgslInterface } from './gpu/kernel.ts'

/** Every kernel that a wrapper defines, as it is compiled, by name. */
const kernels = vi.hoisted(() => new Map<string, Kernel>())
vi.mock('./gpu/kernel.ts', async original => {
  const module = await original<typeof import('./gpu/kernel.ts')>()
  const defineKernel: typeof module.defineKernel = (name, texts) => {
    const kernel = module.defineKernel(name, texts)
    kernels.set(name, kernel)
    return kernel
  }
  return { ...module, defineKernel }
})

const shared = globSync('kernels/shared/*.wgsl').sort()
const paths = globSync('kernels/*/*.wgsl')
  .filter(path => !shared.includes(path))
  .sort()
/** Order of bindings: params, inputs, outputs. */
const order = ['uniform', 'read', 'read_write']
/** Shaders whose first tensor is input and output: the residual stream. */
const inOut = ['kernels/rms-norm/rms-norm.wgsl', 'kernels/rms-norm/rms-norm-serial.wgsl']

const sourceOf = (path: string) => readFileSync(path, 'utf8')
const kernelOf = (path: string) => kernels.get(basename(path, '.wgsl'))!

/** The shared texts that a shader's first line names. */
function sharedOf(source: string): string[] {
  const [, names = ''] = /^\/\/ After (.*)\.\n/.exec(source) ?? []
  return names
    .split(', ')
    .filter(Boolean)
    .map(name => `kernels/${name}`)
}

/** Where each part of a shader first stands; parts that it lacks are left out. */
function partsInOrder(source: string): string[] {
  const parts: [string, RegExp][] = [
    ['formula', /^\/\/ /m],
    ['overrides', /^override /m],
    ['params', /^struct Params/m],
    ['bindings', /^@group/m],
    ['workgroup memory', /^var<workgroup>/m],
    ['entry point', /^@compute/m],
  ]
  return parts
    .map(([name, pattern]) => ({ name, at: source.search(pattern) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name)
}

describe('every shader', async () => {
  const device = await openDevice(await openNullAdapter())

  it('is found, and defined by a wrapper', () => {
    expect(paths.length).toBeGreaterThan(20)
    expect(allBenches.length).toBeGreaterThan(paths.length)
    expect([...kernels.keys()].sort()).toEqual(paths.map(path => basename(path, '.wgsl')).sort())
  })

  it.each(paths)('stands after the shared texts that its first line names: %s', path => {
    const own = sourceOf(path)
    expect(kernelOf(path).source).toBe([...sharedOf(own), path].map(sourceOf).join('\n'))
  })

  it.each(paths)('compiles without errors and warnings: %s', async path => {
    const kernel = kernelOf(path)
    const module = device.handle.createShaderModule({ label: path, code: kernel.source })
    const { messages } = await module.getCompilationInfo()
    expect(messages.map(({ type, lineNum, message }) => `${type} at line ${lineNum}: ${message}`)).toEqual([])
    device.kernels.compile(kernel, {})
    await device.idle()
  })

  it.each(paths)('has the form of the house: %s', path => {
    const source = sourceOf(path)
    const { entryPoint, bindings } = readWgslInterface(path, source)
    expect(entryPoint).toBe(basename(path, '.wgsl').replaceAll('-', '_'))
    expect(kernelOf(path).interface.bindings).toEqual(bindings)
    expect(source.match(/@(compute|vertex|fragment)\b/g), 'one entry point').toHaveLength(1)
    expect(source.match(/@group\(/g), 'every binding in group 0, as the reader finds it').toHaveLength(
      bindings.length,
    )
    const accesses = bindings.map(({ access }) => access)
    expect(accesses.at(-1)).toBe('read_write')
    if (!inOut.includes(path))
      expect(accesses).toEqual(accesses.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)))
    const all = ['formula', 'overrides', 'params', 'bindings', 'workgroup memory', 'entry point']
    const found = partsInOrder(source)
    expect(found).toEqual(all.filter(part => found.includes(part)))
    expect(found[0]).toBe('formula')
    expect(source.startsWith('// ')).toBe(true)
  })
})

describe('every shared text', () => {
  const users = paths.flatMap(path => sharedOf(sourceOf(path)))

  it.each(shared)('has more than one user, and neither bindings nor an entry point: %s', path => {
    expect(users.filter(used => used === path).length).toBeGreaterThan(1)
    expect(sourceOf(path)).toMatch(/^\/\/ /)
    expect(sourceOf(path)).not.toMatch(/@group|@compute|struct Params/)
  })
})

it('no TypeScript file holds WGSL', () => {
  const files = globSync('{kernels,core,node-runner}/**/*.ts', { exclude: ['**/*.test.ts'] })
  expect(files.length).toBeGreaterThan(30)
  // No compute shader does without it.
  expect(files.filter(path => sourceOf(path).includes('@workgroup_size'))).toEqual([])
})
