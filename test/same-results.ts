// Compares this code with that of another commit, which must compute the same bits: what samples of a run hold but times, what
// is written of them, and, with --bench, how long kernels take. On its own:
//   node --import ./node-runner/wgsl-loader.mjs test/same-results.ts [COMMIT] [--limit N] [--only NAME] [--bench ROUNDS]
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'

/** The last commit before the code was put in other files. To be moved on when `bits` in node-runner/versions.ts is raised. */
export const earlierCommit = '3039c0303b1a4477e2d3139479ea299cb860dc25'

/** Ways to decode that take different kernels, filters and exchanges. All but those named by tp alone sample or search. */
export const decodingCases: Readonly<Record<string, readonly string[]>> = {
  'one rank': [],
  'three ranks': ['--tp', '3'],
  'eight ranks': ['--tp', '8'],
  sampling: ['--temperature', '0.8', '--seed', '7', '--repetition-penalty', '1.1'],
  'top-k': ['--temperature', '1', '--top-k', '20'],
  'top-p': ['--temperature', '1.2', '--top-p', '0.9'],
  'min-p': ['--temperature', '1.5', '--min-p', '0.05'],
  'every filter, three ranks': [
    ...['--tp', '3', '--temperature', '1.1', '--top-k', '40', '--top-p', '0.95', '--min-p', '0.02'],
    ...['--repetition-penalty', '1.2'],
  ],
  beams: ['--num-beams', '3', '--length-penalty', '0.8'],
  'beams with a penalty, three ranks': ['--num-beams', '3', '--tp', '3', '--repetition-penalty', '1.2'],
  'p(True)': ['--p-true'],
}

/** A checkout of the project that commands can be run in. */
export interface Checkout {
  /** What to call it in a message. */
  name: string
  folder: string
}

/** This checkout. */
export const thisCode: Checkout = { name: 'this code', folder: resolve(import.meta.dirname, '..') }

/** Makes a checkout of a commit below `parent`, with the packages of this one; null where this clone lacks the commit. */
export function checkOut(commit: string, parent: string): Checkout | null {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: thisCode.folder, stdio: 'pipe' })
  try {
    git('cat-file', '-e', `${commit}^{commit}`)
  } catch {
    return null
  }
  const folder = join(parent, commit.slice(0, 12))
  mkdirSync(folder)
  const archive = join(parent, 'checkout.tar')
  git('archive', '--output', archive, commit)
  execFileSync('tar', ['-x', '-f', archive, '-C', folder])
  rmSync(archive)
  symlinkSync(join(thisCode.folder, 'node_modules'), join(folder, 'node_modules'))
  return { name: `commit ${commit.slice(0, 12)}`, folder }
}

/** Runs a command of a checkout. Rejects, with what it said, where it fails. Returns its standard output. */
export async function runCheckout({ name, folder }: Checkout, args: readonly string[]): Promise<string> {
  const source = ['--import', './node-runner/wgsl-loader.mjs', 'node-runner/entrace.ts']
  const options = { cwd: folder, maxBuffer: 2 ** 28 }
  try {
    return (await promisify(execFile)(process.execPath, [...source, ...args], options)).stdout
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string }
    throw new Error(`${name}: entrace ${args.join(' ')} ended with ${code}:\n${stderr}`)
  }
}

/** Answers the first `limit` problems that ship into a new folder `out`. */
export async function evaluate(code: Checkout, out: string, limit: number, flags: readonly string[]) {
  const inputs = [
    '--model',
    'models/arith-qwen2',
    '--dataset',
    'datasets/arith-104.jsonl',
    '--adapter',
    'cpu',
  ]
  await runCheckout(code, ['eval', ...inputs, '--limit', String(limit), '--out', out, '--quiet', ...flags])
}

/** A file of a run without times, the package's version and the order in which samples ended: text that two runs have in common. */
export function timelessText(run: string, name: string): string {
  const text = readFileSync(join(run, name), 'utf8')
    .replaceAll(/"durationMs": ?[0-9.e+-]+/g, '"durationMs":0')
    .replaceAll(/("entrace": ?"|\bentrace )\d+\.\d+\.\d+/g, '$1version')
  return name.endsWith('.jsonl') ? text.split('\n').sort().join('\n') : text
}

/** Files of a run that must be the same, times aside, and why one is not; empty where all are. */
export function differencesOf(earlier: string, now: string): string[] {
  const hashOf = (run: string) => JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')).hash
  const differs = (name: string) => {
    const [a, b] = [timelessText(earlier, name).split('\n'), timelessText(now, name).split('\n')]
    const line = a.findIndex((text, index) => text !== b[index])
    if (line === -1 && a.length === b.length) return []
    const [before = '', after = ''] = [a[line], b[line]]
    const at = Math.max(0, [...before].findIndex((character, index) => character !== after[index]) - 40)
    return [
      `${name}: line ${line + 1}, character ${at + 41}:\n  expected ${before.slice(at, at + 120)}\n  found    ${after.slice(at, at + 120)}`,
    ]
  }
  return [
    ...(hashOf(earlier) === hashOf(now) ? [] : ['run.json: has another hash']),
    ...['samples.jsonl', 'all_results.json', 'analysis.json', 'report.md'].flatMap(differs),
  ]
}

/** Median milliseconds of every case of `bench`, by kernel and then by shape and variant. */
async function benchTimes(code: Checkout, seconds: number): Promise<Map<string, Map<string, number>>> {
  const printed = await runCheckout(code, ['bench', '--json', '--quiet', '--seconds', String(seconds)])
  const results: { kernel: string; shape: string; variant: string | null; medianMs: number }[] =
    JSON.parse(printed).results
  return new Map(
    Array.from(
      Map.groupBy(results, ({ kernel }) => kernel),
      ([kernel, rows]) => [kernel, new Map(rows.map(row => [`${row.shape} ${row.variant}`, row.medianMs]))],
    ),
  )
}

/** Times the kernels of both codes in turns, and prints for each kernel the ratio of their times over its cases and the rounds. */
async function compareSpeed(earlier: Checkout, rounds: number): Promise<void> {
  const ratios = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    const codes = round % 2 === 0 ? [earlier, thisCode] : [thisCode, earlier]
    const times = new Map<Checkout, Awaited<ReturnType<typeof benchTimes>>>()
    for (const code of codes) times.set(code, await benchTimes(code, 60))
    for (const [kernel, cases] of times.get(earlier)!)
      for (const [name, before] of cases) {
        const after = times.get(thisCode)!.get(kernel)?.get(name)
        if (after !== undefined) ratios.set(kernel, [...(ratios.get(kernel) ?? []), after / before])
      }
  }
  for (const [kernel, values] of ratios) {
    const sorted = values.toSorted((a, b) => a - b)
    const [lower, middle, upper] = [0.25, 0.5, 0.75].map(share =>
      sorted[Math.floor(share * sorted.length)]!.toFixed(2),
    )
    console.log(
      `${kernel}: ${middle} of the earlier time (middle half ${lower} to ${upper}, ${sorted.length} pairs)`,
    )
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      limit: { type: 'string', default: '12' },
      only: { type: 'string', default: '' },
      bench: { type: 'string' },
    },
  })
  const parent = mkdtempSync(join(tmpdir(), 'entrace-same-results-'))
  const earlier = checkOut(positionals[0] ?? earlierCommit, parent)
  if (!earlier) throw new Error(`this clone has no commit ${positionals[0] ?? earlierCommit}; fetch it`)
  if (values.bench) await compareSpeed(earlier, Number(values.bench))
  else
    for (const [name, flags] of Object.entries(decodingCases)) {
      if (!name.includes(values.only)) continue
      const [before, now] = [earlier, thisCode].map((_, index) => join(parent, `${name} ${index}`)) as [
        string,
        string,
      ]
      await evaluate(earlier, before, Number(values.limit), flags)
      await evaluate(thisCode, now, Number(values.limit), flags)
      const differences = differencesOf(before, now)
      console.log(`${name}: ${differences.length === 0 ? 'the same' : differences.join('\n')}`)
      if (differences.length > 0) process.exitCode = 1
    }
  if (existsSync(parent)) rmSync(parent, { recursive: true })
}
