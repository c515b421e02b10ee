import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ensurePackages, isInstalled } from './ensure-packages.mjs'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'entrace-packages-'))
  writePackages('package-lock.json', {
    '': { name: 'root' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
  })
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(root, { recursive: true })
})

function writePackages(name: string, packages: object): void {
  writeFileSync(join(root, name), JSON.stringify({ packages }))
}

function writeInstalled(packages: object): void {
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writePackages('node_modules/.package-lock.json', packages)
}

describe('isInstalled', () => {
  it.each([
    [
      'all packages',
      { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0' } },
      true,
    ],
    ['all but an optional one', { 'node_modules/a': { version: '1.0.0' } }, true],
    ['another version', { 'node_modules/a': { version: '1.0.1' } }, false],
    ['too few', { 'node_modules/b': { version: '2.0.0' } }, false],
    [
      'a package too many',
      { 'node_modules/a': { version: '1.0.0' }, 'node_modules/c': { version: '1.0.0' } },
      false,
    ],
  ])('with %s', (_, packages, expected) => {
    writeInstalled(packages)
    expect(isInstalled(root)).toBe(expected)
  })

  it('is false without node_modules', () => {
    expect(isInstalled(root)).toBe(false)
  })
})

describe('ensurePackages', () => {
  /** Puts a program in npm's place. */
  function fakeNpm(program: string): void {
    writeFileSync(join(root, 'npm-cli.js'), program)
    vi.stubEnv('npm_execpath', join(root, 'npm-cli.js'))
  }
  const install = () => ensurePackages(root, process.execPath)
  const writeNodeModules = `const fs = require('node:fs'), root = process.argv[process.argv.indexOf('--prefix') + 1]
    fs.appendFileSync(root + '/calls', process.argv[2])
    fs.mkdirSync(root + '/node_modules', { recursive: true })
    setTimeout(() => fs.copyFileSync(root + '/package-lock.json', root + '/node_modules/.package-lock.json'), 300)`

  it('runs npm ci once, also when two processes want it at the same time', async () => {
    fakeNpm(writeNodeModules)
    // npm leaves the root package out of its record.
    writePackages('package-lock.json', { 'node_modules/a': { version: '1.0.0' } })
    await Promise.all([install(), install()])
    await install()
    expect(readFileSync(join(root, 'calls'), 'utf8')).toBe('ci')
  })

  it('says what to do when npm fails, and lets the next one in', async () => {
    fakeNpm('process.exit(1)')
    await expect(install()).rejects.toThrow(/npm ended with exit code 1.*registry must be reachable/)
    await expect(install()).rejects.toThrow(/npm ended with exit code 1/)
  })

  it('is not held up by a process that was killed while it installed', async () => {
    fakeNpm(writeNodeModules)
    mkdirSync(join(root, '.cache'))
    writeFileSync(join(root, '.cache', 'installing'), '999999999')
    await install()
    expect(existsSync(join(root, 'calls'))).toBe(true)
  })

  it('says what to do without npm', async () => {
    vi.stubEnv('npm_execpath', undefined)
    vi.stubEnv('PATH', root)
    await expect(install()).rejects.toThrow(/npm cannot be run .*install npm/)
  })
})
