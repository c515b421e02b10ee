import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { importsOf, importViolations } from './support/import-rules.ts'

describe('import rules', () => {
  const files = globSync('{kernels,core,node-runner,web}/**/*.ts', { exclude: ['**/*.d.ts'] }).map(path => ({
    path: path.replaceAll('\\', '/'),
    source: readFileSync(path, 'utf8'),
  }))

  it('hold for every file', () => {
    for (const folder of ['kernels/', 'core/', 'node-runner/'])
      expect(files.filter(file => file.path.startsWith(folder)).length, folder).toBeGreaterThan(5)
    expect(importViolations(files)).toEqual([])
  })

  it('let one file import Dawn', () => {
    const importers = files.filter(file => importsOf(file).includes('webgpu')).map(file => file.path)
    expect(importers).toEqual(['node-runner/adapter/dawn.ts'])
  })
})

describe('importViolations', () => {
  it.each([
    ['kernels/a.ts', "import { b } from '../core/b.ts'", 'may not import ../core/b.ts'],
    ['kernels/a/a.ts', "import { z } from 'zod'", 'may not import zod'],
    ['core/a.ts', "import type { B } from '../node-runner/b.ts'", 'may not import ../node-runner/b.ts'],
    ['core/a.ts', "export { b, c } from '../web/b.ts'\nconst d = 1", 'may not import ../web/b.ts'],
    ['core/a.ts', "export const b = await import('../test/b.ts')", 'may not import ../test/b.ts'],
    ['core/a.ts', "export type B = typeof import('sharp')", 'may not import sharp'],
    ['core/a.ts', "import { readFile } from 'node:fs/promises'", 'may not import node:fs/promises'],
    ['core/a.ts', "import { readFile } from 'fs'", 'may not import fs'],
    ['core/a.ts', "import { parse } from 'csv-parse'", 'may not import csv-parse'],
    ['core/a.ts', 'export const b = process.env.B', 'may not use process'],
    ['kernels/a.ts', 'export const b = Buffer.alloc(8)', 'may not use Buffer'],
    ['node-runner/a.ts', "import { b } from '../web/b.ts'", 'may not import ../web/b.ts'],
    ['web/a.ts', "import { b } from '../node-runner/b.ts'", 'may not import ../node-runner/b.ts'],
    ['web/a.ts', "import 'node:fs'", 'may not import node:fs'],
    ['core/files/index.ts', "export * from './b.ts'", 'only hands on what other files export'],
    [
      'core/files/a.ts',
      "import { b } from './b.ts'\nexport { b }\nexport { c } from './c.ts'",
      'only hands on',
    ],
    ['core/model/a.ts', "import { b } from '../record/b.ts'", 'comes before core/record/b.ts'],
    ['core/parallel/a.ts', "import type { B } from '../model/b.ts'", 'comes before core/model/b.ts'],
    ['core/nowhere/a.ts', "import { b } from '../files/b.ts'", 'comes before core/files/b.ts'],
    [
      'node-runner/run/a.ts',
      "import { b } from '../commands/b.ts'",
      'comes before node-runner/commands/b.ts',
    ],
  ])('finds what is wrong in %s: %s', (path, source, message) => {
    const [violation, ...more] = importViolations([{ path, source }])
    expect(violation).toContain(`${path}: ${message}`)
    expect(more.filter(other => other !== violation)).toEqual([])
  })

  it('finds files that import one another, types included, and says the way', () => {
    const files = [
      { path: 'core/files/a.ts', source: "import { b } from './b.ts'" },
      { path: 'core/files/b.ts', source: "import { c } from './c.ts'" },
      { path: 'core/files/c.ts', source: "import type { A } from './a.ts'" },
      { path: 'core/files/d.ts', source: "import { a } from './a.ts'" },
    ]
    expect(importViolations(files)).toEqual([
      'core/files/a.ts -> core/files/b.ts -> core/files/c.ts -> core/files/a.ts: is a circle',
    ])
  })

  it('finds a second file that imports Dawn', () => {
    const source = "import { create } from 'webgpu'\nexport const gpu = create([])"
    const paths = ['node-runner/a.ts', 'node-runner/b.ts']
    expect(importViolations(paths.map(path => ({ path, source })))).toEqual([
      'more than one file imports webgpu: node-runner/a.ts, node-runner/b.ts',
    ])
  })

  it.each([
    ['kernels/a/a.ts', "import shader from './a.wgsl?raw'\nimport { b } from '../b/b.ts'"],
    ['core/a.ts', "import { z } from 'zod'\nimport { b } from '../kernels/b.ts'\n// process.env is Node's"],
    ['core/study/a.ts', "import { b } from '../files/b.ts'\nimport { c } from './c.ts'"],
    ['node-runner/a.ts', "import 'node:fs'\nimport p from '../package.json' with { type: 'json' }"],
    [
      'core/a.test.ts',
      "import { readFile } from 'node:fs/promises'\nimport { b } from '../node-runner/b.ts'",
    ],
  ])('accepts %s: %s', (path, source) => {
    expect(importViolations([{ path, source }])).toEqual([])
  })
})
