import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { showsProcesses } from '../../test/support/child-processes.ts'
import { describeWhere } from '../../test/support/describe-where.ts'
import type { ProcessIdentity } from '../files/processes.ts'
import {
  beatLine,
  type LeaseClock,
  LeaseLostError,
  type LeaseOptions,
  leasePath,
  type RunLease,
  takeLease,
} from './run-lease.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const times = { beatMs: 20, silenceMs: 30_000 }

/** Takes the lease of the folder until the test ends. */
async function take(options: LeaseOptions = {}): Promise<RunLease> {
  const lease = await takeLease(folder, { times, ...options })
  onTestFinished(lease.release)
  return lease
}

const elsewhere: ProcessIdentity = {
  host: 'elsewhere',
  bootId: null,
  pidNamespace: null,
  pid: 4711,
  startTime: null,
  jobId: '99',
}

/** Writes the lease of another process. */
function heldBy(holder: ProcessIdentity, beat = 7, number = 1, beatMs = 2000): void {
  writeFileSync(leasePath(folder, number), `${JSON.stringify({ ...holder, beatMs })}\n${beatLine(beat)}`)
}

/** Waits for what the thread of a lease does. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(5)
}

/** A clock whose naps take no time; `onNap` may do what happens meanwhile. */
function fakeClock(onNap: (nowMs: number) => void = () => {}): LeaseClock & { nowMs: number } {
  const clock = {
    nowMs: 0,
    now: () => clock.nowMs,
    async sleep(durationMs: number) {
      clock.nowMs += durationMs
      onNap(clock.nowMs)
    },
  }
  return clock
}

describe('takeLease', () => {
  it('lets one process in at a time, and hands the folder on', async () => {
    const lease = await take()
    expect(lease).toMatchObject({ number: 1, ownsJournal: true })
    await expect(take()).rejects.toThrow(InputError)
    await expect(take()).rejects.toThrow(
      new RegExp(
        `process ${process.pid} on ${hostname()}.* is writing to this run; wait for it, or use another --out`,
      ),
    )
    lease.check()
    lease.release()
    lease.release()
    expect(await take()).toMatchObject({ number: 2, ownsJournal: true })
    expect(readdirSync(folder)).toEqual(['lease-2'])
  })

  it('refuses a holder whose beat moves, by whatever text, and names its job', async () => {
    heldBy(elsewhere)
    const clock = fakeClock(nowMs => nowMs > 2000 && heldBy(elsewhere, 8))
    await expect(take({ clock })).rejects.toThrow(
      /process 4711 on elsewhere \(job 99\) is writing to this run/,
    )
    expect(clock.nowMs).toBeLessThan(3000)
  })

  it('takes over from a holder that is silent for long enough, and says that it waits', async () => {
    heldBy(elsewhere)
    const clock = fakeClock()
    const say = vi.fn()
    const lease = await take({ clock, say })
    expect(lease).toMatchObject({ number: 2, ownsJournal: false })
    expect(clock.nowMs).toBeGreaterThanOrEqual(times.silenceMs)
    expect(clock.nowMs).toBeLessThan(times.silenceMs + 1000)
    expect(say.mock.calls).toEqual([
      [expect.stringMatching(/4711 on elsewhere .* no sign of life; .* after 30 s/)],
    ])
    expect(existsSync(leasePath(folder, 1))).toBe(false)
  })

  it('waits longer for one that was told to beat slowly', async () => {
    heldBy(elsewhere, 1, 1, 20_000)
    const clock = fakeClock()
    await take({ clock })
    expect(clock.nowMs).toBeGreaterThanOrEqual(60_000)
  })

  it('does not count time in which it was stopped itself as silence', async () => {
    heldBy(elsewhere)
    let naps = 0
    const clock = fakeClock(() => {
      // Woken after ten minutes.
      if (++naps === 3) clock.nowMs += 600_000
    })
    await take({ clock })
    expect(clock.nowMs).toBeGreaterThan(600_000 + times.silenceMs - 1000)
  })

  it.each([
    ['released', { released: true, ownsJournal: true }, true],
    ['released by one that began no journal', { released: true, ownsJournal: false }, false],
  ])('succeeds at once a lease that was %s', async (_, release, ownsJournal) => {
    heldBy(elsewhere)
    writeFileSync(leasePath(folder, 1), `${JSON.stringify(release)}\n`, { flag: 'a' })
    const clock = fakeClock()
    expect(await take({ clock })).toMatchObject({ number: 2, ownsJournal })
    expect(clock.nowMs).toBe(0)
  })

  it.each([
    ['is empty', (path: string) => writeFileSync(path, '')],
    ['was cut off', (path: string) => writeFileSync(path, '{"host":"')],
    ['is no lease', (path: string) => writeFileSync(path, 'null\n\nnull\n')],
    [
      'claims to beat once a year',
      (path: string) => writeFileSync(path, '{"host":"a","pid":1,"beatMs":3e10}\n'),
    ],
  ])('watches a lease that %s like any other', async (_, write) => {
    write(leasePath(folder, 1))
    const clock = fakeClock()
    expect(await take({ clock })).toMatchObject({ number: 2, ownsJournal: false })
    expect(clock.nowMs).toBeLessThan(times.silenceMs + 1000)
  })

  it('refuses a folder whose numbers have come to an end', async () => {
    writeFileSync(leasePath(folder, 999_999_999_999), '')
    await expect(take()).rejects.toThrow(/lease-999999999999: no higher number is left; delete it/)
    rmSync(leasePath(folder, 999_999_999_999))
    writeFileSync(leasePath(folder, 1_000_000_000_000), '')
    expect(await take()).toMatchObject({ number: 1 })
  })

  it('says so where nothing can be written', async () => {
    const missing = join(folder, 'missing')
    await expect(takeLease(missing)).rejects.toThrow(InputError)
    await expect(takeLease(missing)).rejects.toThrow(
      /missing: nothing can be written there \(ENOENT.*use another --out/,
    )
  })

  it('leaves a folder of the name of a lease alone', async () => {
    mkdirSync(leasePath(folder, 1))
    expect(await take({ clock: fakeClock() })).toMatchObject({ number: 2, ownsJournal: false })
    expect(readdirSync(folder)).toEqual(['lease-1', 'lease-2'])
  })

  it('counts on from the highest number, and makes way where it comes too late', async () => {
    heldBy(elsewhere, 1, 41)
    // Between its last look and its attempt two others came and went.
    const clock = fakeClock(nowMs => {
      if (nowMs < times.silenceMs) return
      rmSync(leasePath(folder, 41), { force: true })
      heldBy(elsewhere, nowMs, 43)
    })
    await expect(take({ clock })).rejects.toThrow(/4711 on elsewhere/)
    expect(readdirSync(folder)).toEqual(['lease-43'])
  })

  it('keeps its beat going while this thread is blocked', async () => {
    await take()
    const text = () => readFileSync(leasePath(folder, 1), 'utf8')
    await until(() => !text().includes(beatLine(0)))
    const before = text()
    // The thread's naps are its own; here nothing runs until the text has changed.
    while (text() === before);
    expect(text()).not.toBe(before)
  })

  it('tells its holder that another took over, which then removes nothing of the other', async () => {
    const lease = await take()
    writeFileSync(join(folder, 'samples.jsonl.partial-1'), '')
    heldBy(elsewhere, 1, 2)
    await until(() => lease.lost.aborted)
    expect(() => lease.check()).toThrow(LeaseLostError)
    expect(() => lease.check()).toThrow(
      /process 4711 on elsewhere \(job 99\) took this run over.* is kept there$/,
    )
    lease.release()
    expect(readFileSync(leasePath(folder, 2), 'utf8')).toContain(beatLine(1))
    const clock = fakeClock()
    await take({ clock })
    expect(readdirSync(folder), 'what the first had not put in place is gone').toEqual(['lease-3'])
  })

  it('is lost where its file was removed', async () => {
    const lease = await take()
    rmSync(leasePath(folder, 1))
    expect(() => lease.check()).toThrow(/the lease of this process has gone/)
  })
})

describeWhere(showsProcesses, 'this machine shows no processes under /proc', 'takeLease on Linux', () => {
  /** This process, as a lease names it. */
  async function thisProcess(): Promise<ProcessIdentity> {
    const lease = await takeLease(folder, { times })
    const [head = ''] = readFileSync(leasePath(folder, lease.number), 'utf8').split('\n')
    lease.release()
    rmSync(leasePath(folder, lease.number))
    return JSON.parse(head)
  }

  it.each<[string, (holder: ProcessIdentity) => Partial<ProcessIdentity>, boolean]>([
    ['is gone', () => ({ pid: spawnSync(process.execPath, ['--version']).pid }), true],
    ['had a number that is in use again', () => ({ startTime: '1' }), true],
    ['is there', () => ({}), false],
    ['cannot be told of: another boot', () => ({ bootId: 'another', startTime: '1' }), false],
    ['cannot be told of: another namespace', () => ({ pidNamespace: 'pid:[1]', startTime: '1' }), false],
    ['cannot be told of: no start', () => ({ startTime: null }), false],
  ])('takes over at once only from a process that %s', async (_, change, isAtOnce) => {
    const holder = await thisProcess()
    heldBy({ ...holder, ...change(holder) })
    const clock = fakeClock()
    expect(await take({ clock })).toMatchObject({ number: 2, ownsJournal: false })
    expect(clock.nowMs === 0).toBe(isAtOnce)
  })
})

describe('a lock of version 0.1.0', () => {
  const lock = () => join(folder, 'lock')
  const lockedBy = (host: string, pid: number | undefined, startedMs = 1) =>
    writeFileSync(lock(), JSON.stringify({ host, process: pid, startedMs }))

  it('is respected while its process lives', async () => {
    lockedBy(hostname(), process.pid, performance.timeOrigin)
    await expect(take()).rejects.toThrow(
      /^.*: process \d+ on .* is writing to this run; wait for it, or use another --out$/,
    )
    expect(readdirSync(folder)).toEqual(['lock'])
  })

  it('cannot be told of on another machine, and the message says what to delete', async () => {
    lockedBy('elsewhere', 1)
    await expect(take()).rejects.toThrow(InputError)
    await expect(take()).rejects.toThrow(/on elsewhere .* If it is gone, delete .*lock$/)
  })

  it.each([
    ['whose process is gone', () => lockedBy(hostname(), spawnSync(process.execPath, ['--version']).pid)],
    ['of a process before that had the same number', () => lockedBy(hostname(), process.pid)],
    ['that was cut off', () => writeFileSync(lock(), '{"host":"')],
    ['that is empty', () => writeFileSync(lock(), '')],
  ])('is taken over, one %s', async (_, write) => {
    write()
    expect(await take()).toMatchObject({ number: 1, ownsJournal: false })
    expect(existsSync(lock())).toBe(false)
  })
})
