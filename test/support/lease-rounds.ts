import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'vitest'
import { formatVersion } from '../../core/record/run-files.ts'
import { journalPaths } from '../../node-runner/run/journal-files.ts'
import { beatLine, leasePath, takeLease } from '../../node-runner/run/run-lease.ts'
import type { ContenderAnswer, ContenderTask } from './lease-contender.ts'
import type { WriterTask } from './lease-writer.ts'
import { wholeLines } from './run-files.ts'
import { sampleRecord } from './sample-record.ts'

/** How a folder stands over which processes contend. */
export const folderStates = [
  'free',
  'of a process that is gone',
  'of a silent process',
  'with a stale lock of 0.1.0',
] as const
type FolderState = (typeof folderStates)[number]

const contenders = 4
/** Rounds that go on at once. */
const batch = 8

/**
 * Has four processes at once try to take the lease of a folder, in so many rounds; expects exactly one winner in each. Returns the
 * number of rounds. Ends early after `timeoutMs`, but not before one batch. `silenceMs` is how long a holder may be silent, which has to be longer than
 * a winner's thread takes to start on the machine as it is.
 */
export async function contend(
  state: FolderState,
  rounds: number,
  { timeoutMs = Number.POSITIVE_INFINITY, silenceMs = 10_000 } = {},
): Promise<number> {
  const parent = mkdtempSync(join(tmpdir(), 'entrace-lease-'))
  const processes = Array.from({ length: contenders }, () =>
    fork(new URL('./lease-contender.ts', import.meta.url), { execArgv: [] }),
  )
  try {
    await Promise.all(processes.map(each => once(each, 'message')))
    const holder = await thisHolder(parent)
    const startMs = performance.now()
    let done = 0
    while (done < rounds && (done === 0 || performance.now() - startMs < timeoutMs)) {
      const folders = Array.from({ length: Math.min(batch, rounds - done) }, () =>
        mkdtempSync(join(parent, 'run-')),
      )
      await Promise.all(folders.map(folder => oneRound(processes, folder, state, holder, silenceMs)))
      done += folders.length
    }
    return done
  } finally {
    for (const each of processes) each.kill('SIGKILL')
    rmSync(parent, { recursive: true })
  }
}

async function oneRound(
  processes: readonly ChildProcess[],
  folder: string,
  state: FolderState,
  holder: Record<string, unknown>,
  shortSilenceMs: number,
): Promise<void> {
  const isFree = state === 'free' || state === 'with a stale lock of 0.1.0'
  const before = {
    ...holder,
    ...(state === 'of a process that is gone' ? { startTime: '1' } : { bootId: 'another' }),
  }
  if (!isFree) writeFileSync(leasePath(folder, 1), `${JSON.stringify(before)}\n${beatLine(1)}`)
  if (state === 'with a stale lock of 0.1.0')
    writeFileSync(join(folder, 'lock'), JSON.stringify({ host: hostname(), process: 2 ** 30, startedMs: 1 }))
  // Where silence has to be waited for it is short.
  const silenceMs = state === 'of a silent process' ? shortSilenceMs : 60_000
  const answers = await Promise.all(processes.map(each => ask(each, { kind: 'take', folder, silenceMs })))
  expect(
    answers.filter(({ kind }) => kind !== 'refused'),
    `exactly one of ${contenders} takes a folder ${state}`,
  ).toEqual([{ kind: 'taken', folder, number: isFree ? 1 : 2, ownsJournal: state === 'free' }])
  await Promise.all(processes.map(each => ask(each, { kind: 'release', folder })))
}

function ask(contender: ChildProcess, task: ContenderTask): Promise<ContenderAnswer> {
  return new Promise(resolve => {
    const take = (answer: ContenderAnswer) => {
      if (answer.kind === 'ready' || answer.folder !== task.folder) return
      contender.off('message', take)
      resolve(answer)
    }
    contender.on('message', take)
    contender.send(task)
  })
}

/** This process, as a lease names it. */
async function thisHolder(parent: string): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(parent, 'own-'))
  const lease = await takeLease(folder)
  lease.release()
  return JSON.parse(readFileSync(leasePath(folder, 1), 'utf8').split('\n')[0]!)
}

const samples = 12

/** Starts a writer of a run of twelve samples; `line` waits for what it says next, null once it ended. */
function startWriter(folder: string, task: Partial<WriterTask> = {}, diskBlocks?: number) {
  const whole: WriterTask = { folder, samples, napMs: 3, textBytes: 200_000, silenceMs: 60_000, ...task }
  const script = new URL('./lease-writer.ts', import.meta.url).pathname
  const program = [process.execPath, script, JSON.stringify(whole)]
  const limited = ['bash', '-c', `ulimit -f ${diskBlocks} && exec "$@"`, 'bash', ...program]
  const [command = '', ...args] = diskBlocks === undefined ? program : limited
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.setEncoding('utf8')
  let said = ''
  child.stdout.on('data', text => (said += text))
  const ended = once(child, 'close')
  return {
    child,
    async until(text: string): Promise<void> {
      while (!said.includes(text) && child.exitCode === null)
        await Promise.race([once(child.stdout, 'data'), ended])
      expect(said).toContain(text)
    },
    async end(): Promise<{ exitCode: number | null; said: string }> {
      await ended
      return { exitCode: child.exitCode, said }
    },
  }
}

/** Expects one journal, of the samples of a run that nothing disturbed, each once and whole. */
function expectQuietRun(folder: string): void {
  expect(journalPaths(join(folder, 'samples.jsonl'))).toEqual([join(folder, 'samples.jsonl')])
  expect(readFileSync(join(folder, 'samples.jsonl'), 'utf8').endsWith('\n'), 'ends whole').toBe(true)
  const found = wholeLines(folder).map(line => JSON.parse(line))
  found.sort((a, b) => a.problemIndex - b.problemIndex)
  const expected = Array.from({ length: samples }, (_, problemIndex) => ({
    formatVersion,
    ...sampleRecord({ problemIndex, generatedText: `${problemIndex} `.padEnd(200_000, 'x') }),
  }))
  expect(found).toEqual(expected)
}

/**
 * Stops a writer somewhere (SIGSTOP) until its lease is taken over, and wakes it while the other writes, or after that. `round`
 * says where and when.
 */
export async function stopAndWake(round: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'entrace-lease-'))
  const first = startWriter(folder)
  let second: ReturnType<typeof startWriter> | null = null
  try {
    if (round % 4 !== 0) await first.until('holds')
    // Where it is stopped before that it may hold nothing yet.
    else while (!existsSync(leasePath(folder, 1)) && first.child.exitCode === null) await setTimeout(1)
    await setTimeout(round % 23)
    first.child.kill('SIGSTOP')
    second = startWriter(folder, { silenceMs: 400 })
    await second.until('holds')
    if (round % 2 === 0) await second.end()
    else await setTimeout(round % 31)
    first.child.kill('SIGCONT')
    const [one, other] = [await first.end(), await second.end()]
    expect(other, other.said).toEqual({ exitCode: 0, said: 'holds\ndone\n' })
    // One that was done before it was stopped has lost nothing.
    if (one.exitCode !== 0) expect(one.said).toMatch(/process \d+ on .* took this run over/)
    expectQuietRun(folder)
  } finally {
    for (const writer of [first, second]) writer?.child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
}

/** Writes a run on a disk that is full at another place each round, and resumes it until it is done. */
export async function fillAndResume(round: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'entrace-lease-'))
  try {
    // The system refuses what makes a file longer than so many blocks of 1024 bytes; a line has 200.
    const full = startWriter(folder, {}, 50 + ((round * 37) % 2250))
    const { exitCode, said } = await full.end()
    expect([exitCode, said]).toEqual([1, expect.stringMatching(/^holds\nEFBIG/)])
    const resumed = startWriter(folder)
    expect(await resumed.end()).toEqual({ exitCode: 0, said: 'holds\ndone\n' })
    expectQuietRun(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Kills writers of one run (SIGKILL), each at another moment, until one is done. Returns how many were killed. */
export async function killAndResume(round: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'entrace-lease-'))
  try {
    for (let killed = 0; ; killed++) {
      const writer = startWriter(folder)
      await writer.until('holds')
      if (killed < 3) {
        await setTimeout((round * 7 + killed * 11) % 29)
        writer.child.kill('SIGKILL')
      }
      const { exitCode, said } = await writer.end()
      if (exitCode === null) continue
      expect(said).toBe('holds\ndone\n')
      expectQuietRun(folder)
      return killed
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
