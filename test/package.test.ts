import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importsOf } from './support/import-rules.ts'

const run = promisify(execFile)
const temporary = mkdtempSync(join(tmpdir(), 'entrace-package-'))
const project = join(temporary, 'project')
const installed = join(project, 'node_modules', 'entrace')
// What `npm test` tells its scripts is not what a shell would tell npm.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))

/** Runs a program in the project and returns what it printed. */
async function inProject(program: string, ...args: string[]): Promise<string> {
  return (await run(program, args, { cwd: project, env })).stdout
}

/** Entries of a lockfile by the folder of the package; "" is the project itself. */
type Locked = Record<
  string,
  { version: string; dev?: boolean; optional?: boolean; inBundle?: boolean; os?: string[] }
>

const readLock = (folder: string): Locked =>
  JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages

/** The package of a folder, as "name@version". */
const packageAt = (folder: string, version: string) => `${folder.split('node_modules/').at(-1)}@${version}`

/** Every package installed below a folder, nested ones too, as "name@version". */
function installedPackages(folder: string): string[] {
  return globSync(['node_modules/*/package.json', 'node_modules/@*/*/package.json'], { cwd: folder }).flatMap(
    path => {
      const below = join(folder, dirname(path))
      const { version } = JSON.parse(readFileSync(join(folder, path), 'utf8'))
      return [packageAt(dirname(path).replaceAll('\\', '/'), version), ...installedPackages(below)]
    },
  )
}

beforeAll(async () => {
  mkdirSync(project)
  await run('npm', ['pack', '--pack-destination', temporary], { env })
  const [tarball = ''] = globSync(join(temporary, '*.tgz'))
  writeFileSync(join(project, 'package.json'), '{"name": "project", "private": true, "type": "module"}')
  await inProject('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball)
})
afterAll(() => rmSync(temporary, { recursive: true }))

describe('the packed package, installed in an empty project', () => {
  it('carries licence, model and data, and no test', () => {
    for (const name of ['LICENSE', 'models/arith-qwen2/model.safetensors', 'datasets/arith-104.jsonl'])
      expect(existsSync(join(installed, name)), name).toBe(true)
    const tests = globSync('**/*.{test,long.test}.*', { cwd: installed, exclude: ['node_modules'] })
    expect(tests).toEqual([])
  })

  it('has the versions that were tested, of what it needs and of what that needs', () => {
    const production = Object.entries(readLock('.')).filter(([folder, { dev }]) => folder !== '' && !dev)
    const tested = production.map(([folder, { version }]) => packageAt(folder, version))
    const found = installedPackages(project).filter(name => !name.startsWith('entrace@'))
    expect(found.filter(name => !tested.includes(name))).toEqual([])
    // What is for other systems and processors is not installed, but locked for them.
    const here = production.filter(([, { os }]) => !os)
    expect(
      here.map(([folder, { version }]) => packageAt(folder, version)).filter(name => !found.includes(name)),
    ).toEqual([])
    const lock = readLock(project)
    for (const [folder, { version, os }] of production)
      if (os) expect(lock[folder], folder).toMatchObject({ version, os, optional: true })
  })

  it('has a notice of every package that it carries, and no code of others without one', () => {
    const notices = readFileSync(join(installed, 'dist/THIRD_PARTY_NOTICES.txt'), 'utf8')
    const carried = installedPackages(installed)
    const locked = Object.entries(readLock('.')).filter(([, { inBundle }]) => inBundle)
    expect(carried.sort()).toEqual(locked.map(([folder, { version }]) => packageAt(folder, version)).sort())
    for (const [folder, { version }] of locked) {
      expect(notices).toContain(`\n${packageAt(folder, version).replace(/@(?=[^@]+$)/, ' ')} (`)
      const name = readdirSync(join(installed, folder)).find(file => /^licen[sc]e/i.test(file))!
      expect(notices, folder).toContain(readFileSync(join(installed, folder, name), 'utf8').trim())
    }

    const { dependencies, optionalDependencies } = JSON.parse(
      readFileSync(join(installed, 'package.json'), 'utf8'),
    )
    const known = Object.keys({ ...dependencies, ...optionalDependencies })
    const imported = globSync('dist/{kernels,core,node-runner}/**/*.js', { cwd: installed }).flatMap(path =>
      importsOf({ path, source: readFileSync(join(installed, path), 'utf8') }),
    )
    const names = imported.flatMap(name => /^(?!node:)(?:@[^/]+\/)?[^./@][^/]*/.exec(name)?.[0] ?? [])
    expect(new Set(names).size).toBeGreaterThan(10)
    expect([...new Set(names)].filter(name => !known.includes(name))).toEqual([])
    expect(globSync('dist/**/node_modules', { cwd: installed })).toEqual([])
  })

  it('resolves every link and picture of its documents', () => {
    const documents = globSync('**/*.md', { cwd: installed, exclude: ['node_modules'] })
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md']))
    const broken = documents.flatMap(name =>
      brokenLinks(join(installed, name)).map(link => `${name}: ${link}`),
    )
    expect(broken).toEqual([])
  })

  it('runs "npx entrace doctor"', async () => {
    const report = JSON.parse(await inProject('npx', 'entrace', 'doctor', '--json'))
    expect(report.ranks[0]).toMatchObject({ rank: 0, opens: true })
    const { stdout } = await run(join(project, 'node_modules/.bin/entrace'), ['doctor'], {
      cwd: temporary,
      env,
    })
    expect(stdout).toMatch(/^entrace \d/)
  })

  if (process.platform !== 'linux') console.log('skipped: the layer for equal adapters: it is for Linux')
  it.skipIf(process.platform !== 'linux')(
    'carries and finds what it compiles for ranks on equal adapters',
    async () => {
      const script = `import { buildAdapterNumberLayer } from './node_modules/entrace/dist/node-runner/adapter/adapter-number-layer.js'
      console.log(buildAdapterNumberLayer())`
      const folder = (await inProject(process.execPath, '--input-type=module', '--eval', script)).trim()
      expect(existsSync(join(folder, 'adapter-number-layer.json')), folder).toBe(true)
    },
  )

  it('answers problems with the model that it carries, and shows them with its page and notices', async () => {
    const carried = 'node_modules/entrace'
    const inputs = [
      '--model',
      `${carried}/models/arith-qwen2`,
      '--dataset',
      `${carried}/datasets/arith-104.jsonl`,
    ]
    await inProject('npx', 'entrace', 'eval', ...inputs, '--limit', '3', '--out', 'run')
    const { results } = JSON.parse(readFileSync(join(project, 'run/all_results.json'), 'utf8'))
    expect(results).toHaveLength(3)
    expect(existsSync(join(project, 'run/entropy_analysis.png'))).toBe(true)

    const command = join(project, 'node_modules/.bin/entrace')
    const view = spawn(command, ['view', 'run', '--no-open', '--quiet'], { cwd: project, env })
    try {
      const [address] = await once(view.stdout, 'data')
      const page = new URL(String(address).trim())
      const text = async (path: string) => (await fetch(new URL(path, page))).text()
      expect(await text('')).toContain('<title>Entrace</title>')
      expect(await text('run/run.json')).toContain('arith-qwen2')
      expect(await text('THIRD_PARTY_NOTICES.txt')).toContain('SIL OPEN FONT LICENSE')
    } finally {
      view.kill()
    }
  })

  it('ends a wrong command with exit code 2', async () => {
    await expect(inProject('npx', 'entrace', 'no-such-command')).rejects.toMatchObject({ code: 2 })
  })

  it('has two doors, and is closed otherwise', async () => {
    const script = (name: string) => `console.log(Object.keys(await import('${name}')).sort().join())`
    const names = async (name: string) =>
      (await inProject(process.execPath, '--input-type=module', '--eval', script(name))).trim().split(',')
    expect(await names('entrace')).toEqual(
      ['InputError', 'analyse', 'generate', 'gradeAnswer', 'loadModel', 'openAdapter', 'openRun'].sort(),
    )
    expect(await names('entrace/kernels')).toEqual(
      expect.arrayContaining(['Recorder', 'attention', 'createTensor', 'entropy', 'openDevice', 'softmax']),
    )
    for (const inside of ['core/model/config', 'kernels/gpu/device', 'dist/index.js', 'node-runner/entrace'])
      await expect(names(`entrace/${inside}`), inside).rejects.toThrow(/ERR_PACKAGE_PATH_NOT_EXPORTED/)
  })

  it('is what publint and arethetypeswrong expect of a package of ES modules', async () => {
    const [tarball = ''] = globSync(join(temporary, '*.tgz'))
    const packed = readFileSync(tarball)
    const { messages } = await publint({ pack: { tarball: Uint8Array.from(packed).buffer } })
    expect(messages).toEqual([])
    const { problems } = (await checkPackage(createPackageFromTarballData(packed))) as {
      problems: { kind: string }[]
    }
    // CommonJS and the resolution of Node 10 are not served.
    const served = problems.filter(({ kind }) => kind !== 'CJSResolvesToESM' && kind !== 'NoResolution')
    expect(served).toEqual([])
    expect(problems).toHaveLength(4)
  })

  it('shows in its README what type-checks without skipLibCheck, in Node and in a page, and runs', async () => {
    const readme = readFileSync(join(installed, 'README.md'), 'utf8')
    const examples = Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), ([, code = '']) => code)
    expect(examples).toHaveLength(2)
    for (const [index, code] of examples.entries()) writeFileSync(join(project, `example-${index}.ts`), code)
    writeFileSync(
      join(project, 'wrong.ts'),
      `import { loadModel, openRun } from 'entrace'
// @ts-expect-error: a path, not a number
export const model = loadModel(7)
export const right: Promise<number | null> = openRun('run').then(({ analysis }) => analysis.auroc.value)
`,
    )
    // Of packages for development it has these alone, as a project of somebody else has.
    for (const name of ['typescript', '@typescript', '@types/node', 'undici-types']) {
      if (!existsSync(join('node_modules', name))) continue
      mkdirSync(dirname(join(project, 'node_modules', name)), { recursive: true })
      cpSync(join('node_modules', name), join(project, 'node_modules', name), { recursive: true })
    }
    const settings = { strict: true, noEmit: true, skipLibCheck: false, target: 'es2024' }
    const pages = {
      ...settings,
      module: 'esnext',
      moduleResolution: 'bundler',
      customConditions: ['browser'],
      types: [],
    }
    for (const [name, compilerOptions] of Object.entries({
      node: { ...settings, module: 'nodenext', types: ['node'] },
      plain: { ...settings, module: 'nodenext', types: [] },
      page: pages,
    })) {
      const include = ['example-*.ts', 'wrong.ts']
      writeFileSync(join(project, `tsconfig.${name}.json`), JSON.stringify({ compilerOptions, include }))
      const compiler = join(project, 'node_modules/typescript/bin/tsc')
      await inProject(process.execPath, compiler, '--project', `tsconfig.${name}.json`)
    }
    const [answered, computed] = await Promise.all(
      examples.map((_, index) => inProject(process.execPath, '--no-warnings', `example-${index}.ts`)),
    )
    expect(answered).toMatch(/The answer is/)
    expect(answered).toMatch(/extracted: '7', equal: true/)
    expect(computed).toMatch(/Float32Array\(4\) \[\s*0\.032/)
  })
})

/** Links and pictures of a Markdown file that lead to no file, or to no heading of one; whole addresses are not tried. */
function brokenLinks(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  const links = Array.from(
    text.matchAll(/\]\(([^)\s]+)|\b(?:href|src)="([^"]+)"|^\[[^\]]+\]: +(\S+)/gm),
    match => match.slice(1).find(Boolean),
  ) as string[]
  return links.filter(link => {
    if (/^[a-z]+:/.test(link)) return false
    const [file = '', heading] = link.split('#')
    const target = file === '' ? path : join(dirname(path), decodeURI(file))
    if (!existsSync(target)) return true
    return heading !== undefined && !headingsOf(readFileSync(target, 'utf8')).includes(heading)
  })
}

/** Headings as addresses name them. */
function headingsOf(markdown: string): string[] {
  return Array.from(markdown.matchAll(/^#+ +(.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
