import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

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
    expect(globSync('**/*.{test,long.test}.*', { cwd: installed })).toEqual([])
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
      const script = `import { buildAdapterNumberLayer } from 'entrace/node-runner/adapter/adapter-number-layer'
      console.log(buildAdapterNumberLayer())`
      const folder = (await inProject(process.execPath, '--input-type=module', '--eval', script)).trim()
      expect(existsSync(join(folder, 'adapter-number-layer.json')), folder).toBe(true)
    },
  )

  it('ends a wrong command with exit code 2', async () => {
    await expect(inProject('npx', 'entrace', 'no-such-command')).rejects.toMatchObject({ code: 2 })
  })

  it('exports every module of kernels, core and node-runner, with types', async () => {
    const dist = join(installed, 'dist')
    const modules = globSync('{kernels,core,node-runner}/**/*.js', { cwd: dist })
      .map(path => path.replace(/\.js$/, ''))
      // A shader's text belongs to its wrapper, and the command line starts when it is imported.
      .filter(path => !path.endsWith('.wgsl_raw') && path !== 'node-runner/entrace')
    for (const folder of ['kernels/', 'core/', 'node-runner/'])
      expect(modules.filter(path => path.startsWith(folder)).length, folder).toBeGreaterThan(5)
    expect(modules.filter(path => !existsSync(join(dist, `${path}.d.ts`)))).toEqual([])

    const script = `for (const name of ${JSON.stringify(modules)}) await import('entrace/' + name)`
    await inProject(process.execPath, '--input-type=module', '--eval', script)
  })

  it('type-checks where it is used', async () => {
    writeFileSync(
      join(project, 'use.ts'),
      `import { parseConfig } from 'entrace/core/model/config'
import { openModelFolder } from 'entrace/node-runner/files/open-model-folder'
export const heads: number = parseConfig({}, 'config.json').heads
// @ts-expect-error: a path, not a number
export const model = openModelFolder(7)
`,
    )
    const compiler = resolve('node_modules/typescript/bin/tsc')
    const flags = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--skipLibCheck',
      'use.ts',
    ]
    await inProject(process.execPath, compiler, ...flags)
  })

  it('tokenizes', async () => {
    const script = `import { loadTokenizer } from 'entrace/node-runner/tokenizer/load-tokenizer'
      const tokenizer = await loadTokenizer('node_modules/entrace/models/arith-qwen2')
      console.log(tokenizer.decode(tokenizer.encode('12 apples')))`
    expect(await inProject(process.execPath, '--input-type=module', '--eval', script)).toBe('12 apples\n')
  })
})
