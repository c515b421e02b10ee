import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { analyseCommand } from '../../node-runner/commands/analyse.ts'
import { compareCommand } from '../../node-runner/commands/compare.ts'
import { exportCommand } from '../../node-runner/commands/export.ts'
import { mergeCommand } from '../../node-runner/commands/merge.ts'
import { runCommand } from '../support/run-command.ts'
import { startEntrace } from '../support/run-entrace.ts'
import { traceSample } from '../support/trace-sample.ts'
import { writeRun } from '../support/write-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const samples = [0, 1, 2, 3].map(index =>
  traceSample(index, 3, { generatedText: `\\boxed{${index}}`, expectedAnswer: String(index % 2) }),
)

/** A place with a run that was sent, `run`, and a folder beside it that nothing of the run may reach. */
function sentRun(changes: Parameters<typeof writeRun>[2] = {}) {
  const place = mkdtempSync(join(folder, 'sent-'))
  const run = join(place, 'run')
  const outside = join(place, 'outside')
  writeRun(run, samples, changes)
  writeRun(outside, samples)
  writeFileSync(join(outside, 'secret.txt'), 'secret')
  return { place, run, outside }
}

/** What every command does with a run; the last one writes elsewhere. */
const commands: Record<string, (run: string) => Promise<unknown>> = {
  analyse: run => runCommand(analyseCommand(), [run]),
  'analyse --from-columns': run => runCommand(analyseCommand(), [run, '--from-columns']),
  compare: run => runCommand(compareCommand(), [run, run]),
  'export openai': run => runCommand(exportCommand(), [run, '--format', 'openai']),
  'export lm-eval': run => runCommand(exportCommand(), [run, '--format', 'lm-eval']),
  'export inspect': run => runCommand(exportCommand(), [run, '--format', 'inspect']),
  merge: run => runCommand(mergeCommand(), [run, '--out', `${run}-merged`]),
}

/** The files below a folder, each with its content. */
function contentOf(path: string): Record<string, string> {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(names.map(name => [name, readFileSync(join(path, name), 'utf8')]))
}

const runNames = [
  'run.json',
  'samples.jsonl',
  'summary.parquet',
  'traces.parquet',
  'analysis.json',
  'all_results.json',
]
const writtenNames = [
  'report.html',
  'entropy_analysis.svg',
  'README.md',
  'samples-2.jsonl',
  'samples.index.jsonl',
  'manifest.json',
]
const heldNames = [
  'lock',
  'lease-1',
  'results.hold-1',
  'results.partial-x',
  'samples.jsonl.partial-1',
  'openai.jsonl.partial',
]
const kinds: Record<string, (path: string, outside: string) => void> = {
  'a link out of the folder': (path, outside) => {
    const name = path.split('/').at(-1)!
    symlinkSync(join(outside, existsSync(join(outside, name)) ? name : 'secret.txt'), path)
  },
  'a link that leads up': path => symlinkSync('../outside/secret.txt', path),
  'a link to what is not there': (path, outside) => symlinkSync(join(outside, 'none'), path),
}

describe('a run that somebody sent', () => {
  for (const [kind, plant] of Object.entries(kinds))
    it.each([...runNames, ...writtenNames, ...heldNames])(
      `has no file outside of its folder read or written: ${kind} at %s`,
      async name => {
        const { run, outside } = sentRun()
        rmSync(join(run, name), { force: true })
        plant(join(run, name), outside)
        const before = contentOf(outside)
        for (const [command, perform] of Object.entries(commands)) {
          const error = await perform(run).then(
            () => new Error('was taken'),
            (error: Error) => error,
          )
          expect(error, command).toBeInstanceOf(InputError)
          expect(error.message, command).toContain(join(run, name))
          expect(error.message, command).not.toContain('secret')
        }
        expect(contentOf(outside)).toEqual(before)
      },
    )

  it.each(['run.json', 'samples.jsonl', 'summary.parquet', 'lease-1', 'results.hold-1'])(
    'is refused with a folder or a pipe at %s',
    async name => {
      for (const plant of [
        (path: string) => mkdirSync(path),
        (path: string) => execFileSync('mkfifo', [path]),
      ]) {
        const { run } = sentRun()
        rmSync(join(run, name), { force: true })
        plant(join(run, name))
        for (const [command, perform] of Object.entries(commands))
          await expect(perform(run), command).rejects.toThrow(InputError)
      }
    },
  )

  it('is analysed beside a folder of results under way that holds a pipe', async () => {
    const { run } = sentRun()
    mkdirSync(join(run, 'results.partial-a'))
    execFileSync('mkfifo', [join(run, 'results.partial-a', 'process')])
    await commands['analyse']!(run)
    expect(existsSync(join(run, 'report.html'))).toBe(true)
  })

  it('has nothing written through a link under which a file is written, nor through one in its place', async () => {
    const { place, run, outside } = sentRun()
    const file = join(place, 'comparison.md')
    for (const link of [`${file}.partial`, file, join(run, 'openai.jsonl')])
      symlinkSync(join(outside, 'secret.txt'), link)
    const before = contentOf(outside)
    const compare = () => runCommand(compareCommand(), [run, run, '--out', file])
    await expect(compare()).rejects.toThrow(/found a link, a folder or a device/)
    rmSync(file)
    await compare()
    await commands['export openai']!(run)
    expect(readFileSync(file, 'utf8')).toContain('# Comparison')
    expect(contentOf(outside)).toEqual(before)
  })

  it('is viewed without what it names and links to', async () => {
    const { run, outside } = sentRun({
      model: { name: resolve('models/arith-qwen2'), revision: null, weightDigest: '', dtypes: [] },
    })
    rmSync(join(run, 'samples.jsonl'))
    symlinkSync(join(outside, 'samples.jsonl'), join(run, 'samples.jsonl'))
    symlinkSync(outside, join(run, 'outside'))
    writeFileSync(join(run, 'notes.html'), '<script>')
    const { child, result } = startEntrace(['view', run, '--json', '--no-open'])
    try {
      const [printed] = await once(child.stdout!, 'data')
      const { url } = JSON.parse(String(printed))
      expect(await (await fetch(url)).text()).toContain('<meta name="entrace-model" content=""')
      const statusOf = async (address: string) => (await fetch(url + address)).status
      expect(await statusOf('run/run.json')).toBe(200)
      for (const address of [
        'run/samples.jsonl',
        'run/outside/secret.txt',
        'run/notes.html',
        'model/x/config.json',
      ])
        expect(await statusOf(address), address).toBe(404)
    } finally {
      child.kill('SIGTERM')
    }
    const { exitCode, stderr } = await result
    expect(exitCode).toBe(0)
    expect(stderr).toContain(`${join(run, 'samples.jsonl')}: is not served`)
    expect(stderr).toContain('no model is at hand')
  })

  it('has no folder merged into that holds links', async () => {
    const { run, outside } = sentRun()
    mkdirSync(`${run}-merged`)
    for (const name of ['samples.jsonl.partial', 'all_results.json', 'summary.parquet.partial', 'report.md'])
      symlinkSync(join(outside, 'secret.txt'), join(`${run}-merged`, name))
    const before = contentOf(outside)
    await commands['merge']!(run).catch(() => {})
    expect(contentOf(outside)).toEqual(before)
  })

  it.each([
    '../../outside/x',
    '/etc/passwd',
    '..\\..\\outside\\x',
    'C:\\x.jsonl',
    '..',
    'a\0b\u001b[31m\ud800\uffff',
    'x'.repeat(5000),
    '<script>alert(1)</script>]]>-->',
  ])('has its files named by no text of it: %j', async name => {
    const { place, run, outside } = sentRun({
      model: { name, revision: name, weightDigest: name, dtypes: [name] },
      dataSet: { name, revision: name, config: name, split: name, digest: name, problems: 4 },
    })
    const before = contentOf(outside)
    for (const [command, perform] of Object.entries(commands))
      if (command !== 'analyse --from-columns') await perform(run)
    expect(contentOf(outside)).toEqual(before)
    expect(readdirSync(place).sort()).toEqual(['outside', 'run', 'run-merged'])
    expect(readdirSync(run).every(file => /^[\w.-]{1,150}$/.test(file))).toBe(true)
    for (const file of ['report.html', 'entropy_analysis.svg', 'report.md', 'README.md'])
      expect(readFileSync(join(run, file), 'utf8')).not.toMatch(/<script|onerror=/i)
  })
})
