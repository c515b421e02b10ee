import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { allBenches, allChecks } from './all-cases.ts'

const namesOf = (cases: readonly { kernel: string; variant: string | null; shape: string }[]) =>
  cases.map(({ kernel, variant, shape }) => `${kernel} ${variant} ${shape}`)

it('every kernel folder has cases, and each case a name of its own', () => {
  const paths = globSync('kernels/*/*.cases.ts')
  const foldersOf = (files: string[]) => new Set(files.map(path => path.split('/')[1]))
  expect(foldersOf(paths)).toEqual(
    foldersOf(globSync('kernels/*/*.wgsl', { exclude: ['kernels/shared/**'] })),
  )
  const texts = paths.map(path => readFileSync(path, 'utf8'))
  const kernels = texts.map(text => /kernelCases\(\s*'([^']+)'/.exec(text)?.[1])
  expect(new Set(allBenches.map(({ kernel }) => kernel))).toEqual(new Set(kernels))
  for (const names of [namesOf(allBenches), namesOf(allChecks)])
    expect(new Set(names).size).toBe(names.length)
})

it('every kernel and variant that is timed is checked too', () => {
  const variants = (cases: readonly { kernel: string; variant: string | null }[]) =>
    new Set(cases.map(({ kernel, variant }) => `${kernel} ${variant}`))
  expect(variants(allChecks)).toEqual(variants(allBenches))
})
