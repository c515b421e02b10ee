import { globSync } from 'node:fs'
import { expect, it } from 'vitest'
import { allBenches } from './all-benches.ts'

it('every kernel folder has benchmark cases, each with a name of its own', () => {
  const folders = globSync('kernels/*/*.wgsl').map(path => path.split('/')[1]!)
  expect(folders.length).toBeGreaterThan(10)
  expect(new Set(allBenches.map(({ kernel }) => kernel))).toEqual(new Set(folders))
  const names = allBenches.map(({ kernel, variant, shape }) => `${kernel} ${variant} ${shape}`)
  expect(new Set(names).size).toBe(names.length)
})
