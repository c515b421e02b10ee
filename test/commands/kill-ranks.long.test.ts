import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { seededRandom } from '../../core/seeded-random.ts'
import { childProcesses, engineOf, isGone, showsProcesses } from '../support/child-processes.ts'
import { describeWhere } from '../support/describe-where.ts'
import { propertySeed } from '../support/property-seed.ts'
import { runEntrace, startEntrace } from '../support/run-entrace.ts'
import { journalLines, readRunFile, untimedResults, wholeLines } from '../support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const rounds = 20
const limit = 6
/** Who is killed: an engine that is gone alone is started again by its command. */
const victims = ['the command', 'the command and its engine', 'the engine'] as const

function evalArguments(out: string): string[] {
  const run = [
    '--model',
    'models/arith-qwen2',
    '--dataset',
    'datasets/arith-104.jsonl',
    '--limit',
    `${limit}`,
  ]
  const answers = ['--max-new-tokens', '6', '--max-concurrent', '2', '--top-k', '20', '--temperature', '0.9']
  return ['eval', ...run, ...answers, '--tp', '8', '--adapter', 'cpu', '--out', out]
}

/** Starts a run over eight ranks, and kills with SIGKILL once its journal has so many lines, and a little later. */
async function killAt(out: string, lines: number, napMs: number, victim: (typeof victims)[number]) {
  const { child, result } = startEntrace(evalArguments(out))
  const engine = await engineOf(child)
  while (journalLines(out) < lines && child.exitCode === null) await setTimeout(5)
  await setTimeout(napMs)
  // All that the command started: the ranks are threads of its engine.
  const children = childProcesses(child.pid!)
  if (victim !== 'the command') for (const id of children) process.kill(id, 'SIGKILL')
  if (victim !== 'the engine') child.kill('SIGKILL')
  const { exitCode, stderr } = await result
  expect(exitCode, stderr).toBe(victim === 'the engine' ? 0 : null)
  for (const id of [engine!, ...children]) expect(await isGone(id, 60_000), 'the engine is gone').toBe(true)
}

describeWhere(showsProcesses, 'this machine shows no processes under /proc', 'a run over eight ranks', () => {
  it(`ends with the results of the quiet run, however it is killed, in ${rounds} rounds`, async () => {
    const quiet = join(folder, 'quiet')
    const { exitCode, stderr } = await runEntrace(evalArguments(quiet))
    expect(exitCode, stderr).toBe(0)
    const random = seededRandom(propertySeed)
    for (let round = 0; round < rounds; round++) {
      const out = join(folder, `${round}`)
      const victim = victims[round % victims.length]!
      const lines = Math.floor(random() * limit)
      await killAt(out, lines, random() * 1500, victim)
      const kept = journalLines(out)
      const resumed = await runEntrace(evalArguments(out))
      expect(resumed.exitCode, resumed.stderr).toBe(0)
      const samples = wholeLines(out).map(line => JSON.parse(line))
      expect(samples.map(({ problemIndex }) => problemIndex).sort()).toEqual([...Array(limit).keys()])
      expect(untimedResults(out)).toBe(untimedResults(quiet))
      expect(readRunFile(out, 'analysis.json')).toEqual(readRunFile(quiet, 'analysis.json'))
      console.log(
        `round ${round}: ${victim} killed after ${lines} lines, ${kept} kept, resumed: the quiet run`,
      )
      rmSync(out, { recursive: true })
    }
  }, 3_600_000)
})
