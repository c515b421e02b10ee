import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import type { FakeAction, FakeScript } from '../../test/support/fake-engine.ts'
import { NoAdapterError } from '../adapter/adapter-choice.ts'
import type { EngineJob } from './messages.ts'
import { type EngineListener, type SupervisorOptions, superviseEngine } from './supervise-engine.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const engine = new URL('../../test/support/fake-engine.ts', import.meta.url)
const whole: FakeAction[] = ['load', 'answer all', 'done']
let runs = 0

/** Supervises fake engines that live as told, over some tasks; what happened is in the result. */
function supervise(
  lives: FakeAction[][],
  options: Partial<SupervisorOptions> & { count?: number; listener?: Partial<EngineListener> } = {},
) {
  const script: FakeScript = { starts: join(folder, `starts-${runs++}`), lives }
  const job: EngineJob = {
    model: JSON.stringify(script),
    loadFormat: 'auto',
    adapter: 'cpu',
    unsafeFast: false,
    mesh: { tp: 1, dp: 1 },
    room: { sequences: 1, capacity: 8, topK: 2 },
    maxNewTokens: 1,
    stopIds: [],
    sampling: { temperature: 0, seed: 0 },
    topLogprobs: 1,
    streamTokens: false,
  }
  const tasks = Array.from({ length: options.count ?? 3 }, (_, key) => ({ key, promptIds: [key, 10] }))
  const answers: string[] = []
  const restarts: string[] = []
  const listener: EngineListener = {
    onLoading() {},
    onLoaded() {},
    onAnswer: ({ key, generation }) => answers.push(`${key}: ${generation.error}`),
    onRestart: reason => restarts.push(reason),
    ...options.listener,
  }
  const { signal = new AbortController().signal, hangMs } = options
  const ended = superviseEngine(job, tasks, listener, { signal, engine, ...(hangMs ? { hangMs } : {}) })
  const processes = () => {
    try {
      // A file that was just made is still empty.
      return (readFileSync(script.starts, 'utf8').match(/\d+(?=\n)/g) ?? []).map(Number)
    } catch {
      return []
    }
  }
  return { ended, answers, restarts, processes }
}

const all = ['0: task of 0,10', '1: task of 1,10', '2: task of 2,10']

/** None of these processes is left. */
function expectGone(processes: number[]): void {
  for (const process_ of processes) expect(() => process.kill(process_, 0)).toThrow(/ESRCH/)
}

describe('superviseEngine', () => {
  it('hands tasks over and answers back, and leaves no process behind', async () => {
    const run = supervise([whole])
    expect(await run.ended).toBe(true)
    expect(run.answers).toEqual(all)
    expect(run.restarts).toEqual([])
    expect(run.processes()).toHaveLength(1)
    expectGone(run.processes())
  })

  it('has what is unfinished done again by another engine, and nothing twice', async () => {
    const run = supervise([['load', 'answer one', 'die'], ['load', 'answer one', 'exit'], whole])
    expect(await run.ended).toBe(true)
    expect(run.answers).toEqual(all)
    expect(run.restarts).toEqual(['its process ended with SIGKILL', 'its process ended with code 7'])
  })

  it('believes a last word that comes right before death', async () => {
    const run = supervise([['load', 'answer all', 'done', 'exit']])
    expect(await run.ended).toBe(true)
    expect(run.answers).toEqual(all)
    expect(run.restarts).toEqual([])
  })

  it('starts an engine again that calls itself done before it is', async () => {
    const run = supervise([['load', 'answer one', 'done'], whole])
    expect(await run.ended).toBe(true)
    expect(run.answers).toEqual(all)
    expect(run.restarts).toEqual(['it called itself done with 2 tasks unanswered'])
  })

  it.each<[string, FakeAction[], RegExp]>([
    ['at start', ['exit'], /failed 3 times .*: its process ended with code 7/],
    ['after loading', ['load', 'die'], /failed 3 times .*: its process ended with SIGKILL/],
    [
      'with a reason',
      ['load', { fails: 'DeviceLostError', message: 'device was lost' }],
      /: device was lost$/,
    ],
  ])('gives up after three failures %s', async (_, life, reason) => {
    const run = supervise([life])
    await expect(run.ended).rejects.toThrow(reason)
    expect(run.processes()).toHaveLength(3)
    expect(run.restarts).toHaveLength(2)
    expectGone(run.processes())
  })

  it('counts from one again after an answer', async () => {
    const without: FakeAction[] = ['load', 'die']
    const one: FakeAction[] = ['load', 'answer one', 'die']
    const run = supervise([without, without, one, without, one, without, whole])
    expect(await run.ended).toBe(true)
    expect(run.answers).toEqual(all)
    expect(run.processes()).toHaveLength(7)
    const failing = supervise([without, one, without, without, whole])
    await expect(failing.ended).rejects.toThrow(/failed 3 times without an answer/)
    expect(failing.answers).toEqual(all.slice(0, 1))
    expect(failing.processes()).toHaveLength(4)
  })

  it.each<[string, FakeAction[]]>([
    ['at start', ['hang']],
    ['at work', ['load', 'answer one', 'hang']],
  ])('ends an engine that hangs %s', async (_, life) => {
    // The process takes some of that time to start.
    const run = supervise([life, whole], { hangMs: 3000 })
    expect(await run.ended).toBe(true)
    expect(run.answers).toEqual(all)
    expect(run.restarts).toEqual(['no sign of work for 3 s'])
    expectGone(run.processes())
  })

  it('does not try a third time what failed twice in the same way', async () => {
    const fails = (message: string): FakeAction[] => ['load', { fails: 'Error', message }]
    const run = supervise([fails('no room')])
    await expect(run.ended).rejects.toThrow(/^the engine failed twice in the same way: no room$/)
    expect(run.processes()).toHaveLength(2)
    const changing = supervise([fails('no room'), fails('no luck'), fails('no room')])
    await expect(changing.ended).rejects.toThrow(/failed 3 times/)
    const answer: FakeAction = 'answer one'
    const between = supervise([
      ['load', answer, { fails: 'Error', message: 'no room' }],
      ['load', answer, { fails: 'Error', message: 'no room' }],
      whole,
    ])
    expect(await between.ended).toBe(true)
  })

  it.each([
    ['LimitError', 'buffer lm_head: is 2 GB, this adapter binds at most 1', InputError],
    ['Error', "ENOENT: no such file or directory, open 'model.safetensors'", InputError],
    ['Error', "EACCES: permission denied, open 'model.safetensors'", InputError],
    ['TypeError', "Cannot read properties of undefined (reading 'x')", Error],
  ])('throws at once what no other try will fix: %s, %s', async (fails, message, kind) => {
    const run = supervise([['load', 'answer one', { fails, message }, 'hang']])
    const error = await run.ended.catch(caught => caught)
    expect([error.constructor, error.message]).toEqual([kind, message])
    expect(run.processes()).toHaveLength(1)
    expect(run.restarts).toEqual([])
  })

  it.each([InputError, NoAdapterError])('throws what no other try will fix: %o', async kind => {
    const run = supervise([['load', 'answer one', { fails: kind.name, message: 'not like this' }, 'hang']])
    const error = await run.ended.catch(caught => caught)
    expect(error).toBeInstanceOf(kind)
    expect(error.message).toBe('not like this')
    expect(run.processes()).toHaveLength(1)
    expectGone(run.processes())
  })

  it.each(['onLoaded', 'onAnswer'] as const)('throws what %s throws, and ends the engine', async name => {
    const refuse = () => {
      throw new Error('the disk is full')
    }
    const run = supervise([[...whole, 'hang']], { listener: { [name]: refuse } })
    await expect(run.ended).rejects.toThrow('the disk is full')
    expect(run.processes()).toHaveLength(1)
    expectGone(run.processes())
  })
})

describe('superviseEngine, told to stop', () => {
  it('lets an engine at work end by itself, and keeps its answers', async () => {
    const controller = new AbortController()
    const run = supervise([['load', 'answer one', 'wait for stop']], { signal: controller.signal })
    while (run.answers.length === 0) await setTimeout(5)
    controller.abort()
    expect(await run.ended).toBe(false)
    expect(run.answers).toEqual(all.slice(0, 1))
    expect(run.processes()).toHaveLength(1)
  })

  it('ends an engine that still loads, at once', async () => {
    const controller = new AbortController()
    const run = supervise([['hang']], { signal: controller.signal })
    while (run.processes().length === 0) await setTimeout(5)
    controller.abort()
    expect(await run.ended).toBe(false)
    expectGone(run.processes())
  })

  it('starts none when it was told before', async () => {
    const run = supervise([whole], { signal: AbortSignal.abort() })
    expect(await run.ended).toBe(false)
    expect(run.processes()).toEqual([])
  })
})
