import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const documents = globSync(['*.md', 'docs/*.md']).filter(name => name !== 'CHANGELOG.md')

describe('the documents', () => {
  it('name files and folders that there are', () => {
    const folders = /^(core|docs|kernels|node-runner|packaging|test|web|index(\.page)?\.ts)(\/|$)/
    const missing = documents.flatMap(name =>
      Array.from(readFileSync(name, 'utf8').matchAll(/`([\w.-]+(?:\/[\w.-]*)*)`/g), ([, path = '']) => path)
        .filter(path => folders.test(path) && !existsSync(path))
        .map(path => `${name}: ${path}`),
    )
    expect(missing).toEqual([])
  })

  it('show every folder of the house, and none that there is not', () => {
    const house = readFileSync('ARCHITECTURE.md', 'utf8').split('```')[1]!
    const shown = (above: string) => {
      const part = new RegExp(`^${above}/.*\\n((?:  .*\\n)*)`, 'm').exec(house)![1]!
      const lines = part.split('\n').map(line => /^ {2}((?:[\w-]+\/,? *)+)/.exec(line)?.[1] ?? '')
      return lines.flatMap(line => line.match(/[\w-]+(?=\/)/g) ?? []).sort()
    }
    const there = (above: string) =>
      globSync(`${above}/*/*.ts`)
        .map(path => path.split('/')[1]!)
        .filter((name, index, all) => all.indexOf(name) === index && name !== 'bootstrap')
        .sort()
    for (const above of ['core', 'node-runner', 'web']) expect(shown(above), above).toEqual(there(above))
  })

  it('are read in ten minutes: ARCHITECTURE.md has at most 2,400 words', () => {
    expect(readFileSync('ARCHITECTURE.md', 'utf8').split(/\s+/).length).toBeLessThanOrEqual(2400)
  })
})
