import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { Random } from '../kernels/gpu/random.ts'
import { childProcesses, showsProcesses } from './support/child-processes.ts'
import { describeWhere } from './support/describe-where.ts'
import { runEntrace, startEntrace } from './support/run-entrace.ts'
import { journalLines, untimedResults } from './support/run-files.ts'

const problems = 30
const kills = 20
const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const evalInto = (out: string) => [
  ...['eval', '--model', 'models/arith-qwen2', '--dataset', 'datasets/arith-104.jsonl', '--adapter', 'cpu'],
  ...['--limit', String(problems), '--max-concurrent', '3', '--tp', '2', '--out', out],
]

describeWhere(
  showsProcesses,
  'this machine shows no processes under /proc',
  'a run whose engine is killed again and again',
  () => {
    it('goes on by itself, and ends with the bits of an undisturbed one', async () => {
      const undisturbed = join(folder, 'undisturbed')
      const calm = await runEntrace(evalInto(undisturbed))
      expect(calm.exitCode, calm.stderr).toBe(0)

      const disturbed = join(folder, 'disturbed')
      const random = new Random(20)
      const { child, result } = startEntrace(evalInto(disturbed))
      const killed: number[] = []
      const moments: string[] = []
      while (killed.length < kills && child.exitCode === null) {
        const engine = childProcesses(child.pid!).find(id => !killed.includes(id))
        if (engine === undefined) {
          await setTimeout(5)
          continue
        }
        const before = journalLines(disturbed)
        // Every other kill waits for an answer: three failures in a row without one end a run.
        if (killed.length % 2 === 0) await setTimeout(random.integer(6000))
        else {
          while (journalLines(disturbed) === before && child.exitCode === null) await setTimeout(5)
          await setTimeout(random.integer(150))
        }
        if (child.exitCode !== null) break
        process.kill(engine, 'SIGKILL')
        killed.push(engine)
        moments.push(`${before}+${journalLines(disturbed) - before}`)
      }
      const { exitCode, stderr } = await result
      expect(exitCode, stderr).toBe(0)
      console.log(
        `${killed.length} kills, after so many samples and more of the same engine: ${moments.join(' ')}`,
      )
      expect(killed).toHaveLength(kills)
      expect(stderr.match(/the engine ended \(its process ended with SIGKILL\)/g)).toHaveLength(kills)
      expect(journalLines(disturbed)).toBe(problems)
      expect(untimedResults(disturbed)).toBe(untimedResults(undisturbed))
    })
  },
)
