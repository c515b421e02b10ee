import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openNullAdapter } from '../node-runner/adapter/dawn.ts'
import { openDevice } from './gpu/device.ts'
import { defineKernel } from './gpu/kernel.ts'
import { readWgslInterface } from './gpu/wgsl-interface.ts'

const paths = globSync('kernels/**/*.wgsl').sort()
/** Order of bindings: params, inputs, outputs. */
const order = ['uniform', 'read', 'read_write']
/** Shaders whose first tensor is input and output: the residual stream. */
const inOut = ['kernels/rms-norm/rms-norm.wgsl', 'kernels/rms-norm/rms-norm-serial.wgsl']

const sourceOf = (path: string) => readFileSync(path, 'utf8')

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

  it('is found', () => {
    expect(paths.length).toBeGreaterThan(20)
  })

  it.each(paths)('compiles without errors and warnings: %s', async path => {
    const module = device.handle.createShaderModule({ label: path, code: sourceOf(path) })
    const { messages } = await module.getCompilationInfo()
    expect(messages.map(({ type, lineNum, message }) => `${type} at line ${lineNum}: ${message}`)).toEqual([])
    device.kernels.compile(defineKernel(path, sourceOf(path)), {})
    await device.idle()
  })

  it.each(paths)('has the form of the house: %s', path => {
    const source = sourceOf(path)
    const { entryPoint, bindings } = readWgslInterface(path, source)
    expect(entryPoint).toBe(basename(path, '.wgsl').replaceAll('-', '_'))
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

it('no TypeScript file holds WGSL', () => {
  const files = globSync('{kernels,core,node-runner}/**/*.ts', { exclude: ['**/*.test.ts'] })
  expect(files.length).toBeGreaterThan(30)
  // No compute shader does without it.
  expect(files.filter(path => sourceOf(path).includes('@workgroup_size'))).toEqual([])
})
