import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

interface Entry {
  version: string
  dev?: boolean
  inBundle?: boolean
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

const locked: Record<string, Entry> = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages
const own = { ...locked['']?.dependencies, ...locked['']?.optionalDependencies }
const isExact = (range: string) => /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range)

// npm reads no lockfile of a package that it installs, and since version 12 no npm-shrinkwrap.json either.
it('nothing that the package needs can be installed in another version than the lockfile has', () => {
  const floating = Object.entries(locked).flatMap(
    ([folder, { dev, inBundle, dependencies, optionalDependencies }]) =>
      // What npm packs with the package has what it needs beside it.
      dev || inBundle
        ? []
        : Object.entries({ ...dependencies, ...optionalDependencies })
            .filter(([name, range]) => !isExact(range) && !isExact(own[name] ?? ''))
            .map(
              ([name, range]) =>
                `${folder || 'the package'} needs ${name} ${range}: add "${name}": "${locked[`node_modules/${name}`]?.version}" to package.json`,
            ),
  )
  expect(floating).toEqual([])
})

it('one version alone of each package that is pinned by name', () => {
  const nested = Object.keys(locked).filter(
    folder =>
      !locked[folder]?.dev && !locked[folder]?.inBundle && /node_modules\/.*node_modules\//.test(folder),
  )
  expect(nested).toEqual([])
})
