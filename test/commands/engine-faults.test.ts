import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { engineOf, isGone, showsProcesses } from '../support/child-processes.ts'
import { describeWhere } from '../support/describe-where.ts'
import { type CommandResult, runEntrace, startEntrace } from '../support/run-entrace.ts'
import { journalLines, readResults, readRunFile, untimedResults } from '../support/run-files.ts'

const problems = 6
/** Every rank compiles its kernels, which takes long where other tests run beside. */
const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const inFolder = (name: string) => join(folder, name)
const evalInto = (name: string, ...mesh: string[]) => [
  ...['eval', '--model', 'models/arith-qwen2', '--dataset', 'datasets/arith-104.jsonl', '--adapter', 'cpu'],
  ...['--limit', String(problems), '--max-concurrent', '2', '--out', inFolder(name), ...mesh],
]
const twoReplicas = ['--dp', '2']

async function answersInto(name: string, ...mesh: string[]): Promise<CommandResult> {
  const result = await runEntrace(evalInto(name, ...mesh))
  expect(result.exitCode, result.stderr).toBe(0)
  return result
}

/** Starts a run and waits for so many finished samples, or for its engine where none are waited for. */
async function startUntil(samples: number, name: string, ...mesh: string[]) {
  const { child, result } = startEntrace(evalInto(name, ...mesh))
  onTestFinished(() => void child.kill('SIGKILL'))
  const engine = await engineOf(child)
  expect(engine, 'an engine was started').not.toBeNull()
  while (journalLines(inFolder(name)) < samples && child.exitCode === null) await setTimeout(5)
  expect(child.exitCode, 'is under way').toBeNull()
  return { child, result, engine: engine! }
}

describeWhere(showsProcesses, 'this machine shows no processes under /proc', 'eval on two replicas', () => {
  beforeAll(async () => {
    await answersInto('alone')
    await answersInto('undisturbed', ...twoReplicas)
  })

  it('gives the answers of one rank, each once', () => {
    const [alone, together] = ['alone', 'undisturbed'].map(name => readResults(inFolder(name)))
    expect(together!.map(({ problemId }) => problemId)).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(journalLines(inFolder('undisturbed'))).toBe(problems)
    for (const name of ['tokenIds', 'generatedText', 'correct', 'finishReason'] as const)
      expect(together!.map(result => result[name])).toEqual(alone!.map(result => result[name]))
    for (const [i, result] of together!.entries())
      expect(Math.abs(result.meanEntropyNats! - alone![i]!.meanEntropyNats!)).toBeLessThan(1e-4)
  })

  it('describes the mesh and the adapter of every rank, and the same weights', () => {
    const [alone, together] = ['alone', 'undisturbed'].map(name => readRunFile(inFolder(name), 'run.json'))
    const { adapters } = alone as { adapters: unknown[] }
    expect(adapters).toHaveLength(1)
    expect(together).toMatchObject({ mesh: { tp: 1, dp: 2 }, adapters: Array(2).fill(adapters[0]) })
    expect(together!['model']).toEqual(alone!['model'])
  })

  it('goes on by itself when its engine is killed, and ends with the same bits', async () => {
    const { result, engine } = await startUntil(2, 'disturbed', ...twoReplicas)
    process.kill(engine, 'SIGKILL')
    const { exitCode, stderr } = await result
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toMatch(
      /^the engine ended \(its process ended with SIGKILL\); starting it again: what was finished is kept$/m,
    )
    expect(stderr.match(/starting it again/g)).toHaveLength(1)
    expect(journalLines(inFolder('disturbed'))).toBe(problems)
    expect(untimedResults(inFolder('disturbed'))).toBe(untimedResults(inFolder('undisturbed')))
  })
})

describeWhere(showsProcesses, 'this machine shows no processes under /proc', 'eval, interrupted', () => {
  it('while it loads, says how to resume', async () => {
    const { child, result, engine } = await startUntil(0, 'interrupted')
    child.kill('SIGINT')
    const { exitCode, stderr } = await result
    expect(exitCode, stderr).toBe(130)
    expect(stderr).toMatch(/^interrupted: 0 of 6 samples are kept in .*; the same command resumes$/m)
    expect(await isGone(engine)).toBe(true)
  })

  it('once, keeps what is finished and says how to resume', async () => {
    const { child, result, engine } = await startUntil(1, 'interrupted')
    child.kill('SIGINT')
    const { exitCode, stderr } = await result
    expect(exitCode, stderr).toBe(130)
    const kept = journalLines(inFolder('interrupted'))
    expect(kept).toBeLessThan(problems)
    expect(stderr).toContain(
      `interrupted: ${kept} of ${problems} samples are kept in ${inFolder('interrupted')}; the same command resumes`,
    )
    expect(await isGone(engine)).toBe(true)
  })

  it('twice, ends at once what was resumed, also where the engine would not', async () => {
    const kept = journalLines(inFolder('interrupted'))
    const { child, result, engine } = await startUntil(kept + 1, 'interrupted')
    process.kill(engine, 'SIGSTOP')
    onTestFinished(async () => {
      if (!(await isGone(engine, 0))) process.kill(engine, 'SIGKILL')
    })
    const said = new Promise(resolve =>
      child.stderr!.on('data', text => `${text}`.includes('once more') && resolve(text)),
    )
    child.kill('SIGINT')
    await said
    child.kill('SIGINT')
    // Not the command's streams: the engine, which is stopped, still holds them.
    const [exitCode] = await once(child, 'exit')
    expect(exitCode).toBe(130)
    expect(await isGone(engine, 0), 'the engine is gone before the command').toBe(false)
    process.kill(engine, 'SIGCONT')
    expect(await isGone(engine), 'the engine is gone').toBe(true)
    expect((await result).stderr).toContain(`${kept} of ${problems} samples are finished already`)
  })

  it('by SIGKILL, leaves no engine behind', async () => {
    const { child, result, engine } = await startUntil(1, 'killed')
    child.kill('SIGKILL')
    expect((await result).signal).toBe('SIGKILL')
    expect(await isGone(engine)).toBe(true)
  })
})
