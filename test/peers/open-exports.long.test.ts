import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { SampleRecord } from '../../core/record/sample.ts'
import { Journal } from '../../node-runner/run/journal.ts'
import { gradeAll } from '../../node-runner/run/run-columns.ts'
import { readRunDescription } from '../../node-runner/run/run-description.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { peerPackages } from './peer-packages.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const runs = join(folder, 'runs')

async function entrace(...args: string[]): Promise<void> {
  const { exitCode, stderr } = await runEntrace(args)
  expect(exitCode, stderr).toBe(0)
}

const problems = readFileSync('datasets/arith-104.jsonl', 'utf8').trimEnd().split('\n')

function writeDataSet(name: string, lines: readonly string[]): string {
  const path = join(folder, `${name}.jsonl`)
  writeFileSync(path, lines.map(line => `${line}\n`).join(''))
  return path
}

function evaluate(name: string, dataSet: string, ...flags: string[]): Promise<void> {
  const model = ['--model', 'models/arith-qwen2', '--dataset', dataSet, '--max-new-tokens', '64']
  return entrace('eval', ...model, '--out', join(runs, name), '--adapter', 'cpu', '--quiet', ...flags)
}

/** Runs of every kind, by name. */
async function makeRuns(): Promise<void> {
  const eight = writeDataSet('eight', problems.slice(0, 8))
  await evaluate('greedy', eight)
  await evaluate('several', eight, '--samples', '3', '--temperature', '1')
  const tooLong = JSON.stringify({ problem: '12345 '.repeat(400), answer: '1' })
  await evaluate('failed', writeDataSet('failed', [...problems.slice(0, 5), tooLong]))
  const half = JSON.stringify({
    id: 'a \ud83d b',
    problem: 'A smile \ud83d and 1 + 1?',
    answer: '2',
    note: '\ude00',
  })
  await evaluate('surrogate', writeDataSet('surrogate', [problems[0]!, half]))
  const shots = writeDataSet('shots', problems.slice(-2))
  const asked = [
    '--few-shot',
    '2',
    '--few-shot-file',
    shots,
    '--system-prompt',
    'Be brief.',
    '--stop',
    '####',
  ]
  await evaluate('few-shot', eight, '--limit', '3', ...asked)
  // As an interruption leaves it.
  mkdirSync(join(runs, 'unfinished'))
  cpSync(join(runs, 'several', 'run.json'), join(runs, 'unfinished', 'run.json'))
  const lines = readFileSync(join(runs, 'several', 'samples.jsonl'), 'utf8').split('\n')
  writeFileSync(join(runs, 'unfinished', 'samples.jsonl'), lines.slice(0, 10).join('\n'))
  cpSync('test/golden/run-0.1.0', join(runs, 'first-version'), { recursive: true })
}

const metrics = z.record(z.string(), z.record(z.string(), z.number()))
const numbers = z.record(z.string(), z.union([z.number(), z.string()]))
const seenSchema = z.object({
  listed: z.array(z.object({ name: z.string(), task: z.string() })),
  bundled: z.record(
    z.string(),
    z.object({ status: z.string(), primary_metric: z.object({ value: z.number() }) }),
  ),
  runs: z.record(
    z.string(),
    z.object({
      inspect: z.object({
        status: z.string(),
        started_at: z.string(),
        completed_at: z.string(),
        stop_seqs: z.array(z.string()).nullable(),
        recorded: metrics,
        recomputed: metrics,
        scored: metrics,
        evals: z.array(
          z.object({
            status: z.string(),
            score_entrace_accuracy: z.number(),
            score_entrace_stderr: z.number(),
          }),
        ),
        samples: z.array(
          z.object({
            id: z.string(),
            epoch: z.int(),
            error: z.string().nullable(),
            score_entrace: z.string(),
          }),
        ),
        messages: z.array(z.object({ role: z.string(), content: z.string() })),
        events: z.array(z.object({ event: z.string() })),
      }),
      'lm-eval': z.object({ table: z.string(), recorded: numbers, computed: numbers }),
      openai: z.object({
        correct: z.array(z.enum(['true', 'false'])),
        tokens: z.array(z.int()),
        unknown: z.array(z.string()),
      }),
    }),
  ),
})

/** A run's samples as Entrace itself grades them. */
function samplesOf(name: string): SampleRecord[] {
  const run = readRunDescription(join(runs, name, 'run.json'))!
  const journal = new Journal(join(runs, name, 'samples.jsonl'), 'read')
  try {
    return [...gradeAll(() => journal.records(run.limit), run.grading)()]
  } finally {
    journal.close()
  }
}

/** The mean over problems of the share of answers that are so, and its standard error. */
function estimateOf(samples: readonly SampleRecord[], isSo: (sample: SampleRecord) => boolean) {
  const shares = [...Map.groupBy(samples, ({ problemIndex }) => problemIndex).values()].map(
    answers => answers.filter(isSo).length / answers.length,
  )
  const n = shares.length
  const accuracy = shares.reduce((total, share) => total + share, 0) / n
  const squares = shares.reduce((total, share) => total + (share - accuracy) ** 2, 0)
  return closeTo({ accuracy, stderr: n === 1 ? 0 : Math.sqrt(squares / (n - 1) / n) })
}

function closeTo(values: Record<string, number | string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'number' ? expect.closeTo(value, 12) : value,
    ]),
  )
}

const packages = peerPackages('exports.txt')

describe('exports, opened by the tools that they are for', () => {
  it('hold the same numbers for inspect_ai, lm-evaluation-harness and openai as for Entrace', async ({
    skip,
  }) => {
    if ('missing' in packages) {
      console.log(`exports were opened by no other tool: ${packages.missing}`)
      return skip(packages.missing)
    }
    await makeRuns()
    const names = ['failed', 'few-shot', 'first-version', 'greedy', 'several', 'surrogate', 'unfinished']
    for (const name of names)
      for (const format of ['inspect', 'lm-eval', 'openai'])
        await entrace('export', join(runs, name), '--format', format, '--quiet')
    const script = fileURLToPath(new URL('open-exports.py', import.meta.url))
    const { status, stdout, stderr } = spawnSync(packages.python, [script, runs, join(folder, 'made')], {
      encoding: 'utf8',
      env: packages.env,
      maxBuffer: 2 ** 28,
    })
    expect(status, stderr).toBe(0)
    const seen = seenSchema.parse(JSON.parse(stdout))
    expect(Object.keys(seen.runs)).toEqual(names)
    expect(seen.listed.map(({ task }) => task).sort()).toEqual(
      ['arith-104', 'eight', 'eight', 'eight', 'eight', 'failed', 'surrogate'].sort(),
    )
    expect(Object.keys(seen.bundled)).toHaveLength(names.length)
    for (const name of names) {
      const { inspect, 'lm-eval': lmEval, openai } = seen.runs[name]!
      const samples = samplesOf(name)
      const finished = samples.filter(({ finishReason }) => finishReason !== 'error')
      const entrace = estimateOf(samples, ({ correct }) => correct)
      console.log(`${name}: ${JSON.stringify(inspect.recorded)}\n${lmEval.table}`)
      expect(inspect.recorded, name).toEqual({ entrace })
      expect(inspect.recomputed, name).toEqual({ entrace })
      // The scorer of inspect_ai's own that is given to `inspect score`; the regular expressions and folding of case matter to none of these.
      const includes = estimateOf(samples, ({ generatedText, expectedAnswer }) =>
        generatedText.toLowerCase().includes(expectedAnswer.toLowerCase()),
      )
      expect(inspect.scored, name).toEqual({ entrace, includes })
      const status = name === 'unfinished' ? 'cancelled' : 'success'
      expect(inspect.status, name).toBe(status)
      expect(inspect.evals, name).toEqual([
        { status, score_entrace_accuracy: entrace['accuracy'], score_entrace_stderr: entrace['stderr'] },
      ])
      expect(inspect.samples.map(({ epoch, score_entrace }) => [epoch, score_entrace]).sort(), name).toEqual(
        samples.map(({ sampleIndex, correct }) => [sampleIndex + 1, correct ? 'C' : 'I']).sort(),
      )
      expect(
        inspect.samples.filter(({ error }) => error),
        name,
      ).toHaveLength(samples.length - finished.length)
      expect(inspect.events, name).toEqual(samples.map(() => ({ event: 'model' })))
      expect(Date.parse(inspect.started_at), name).toBeLessThan(Date.parse(inspect.completed_at))
      expect(lmEval.recorded, name).toMatchObject(closeTo(lmEval.computed))
      expect(lmEval.table, name).toMatch(/\|exact_match +\|↑ +\|/)
      expect(openai, name).toEqual({
        correct: finished.map(({ correct }) => String(correct)),
        tokens: finished.map(({ generatedTokens }) => generatedTokens),
        unknown: [],
      })
    }
    // A greedy run has one filter, whose mean is the accuracy.
    const { 'exact_match,none': exactMatch } = seen.runs['greedy']!['lm-eval'].recorded
    expect(exactMatch).toEqual(estimateOf(samplesOf('greedy'), ({ correct }) => correct)['accuracy'])
    const shown = seen.runs['few-shot']!.inspect
    expect(shown.stop_seqs).toEqual(['####'])
    expect(shown.messages.slice(0, 7).map(({ role }) => role)).toEqual([
      ...['system', 'user', 'assistant', 'user', 'assistant', 'user', 'assistant'],
    ])
    expect(shown.messages[0]!.content).toBe('Be brief.')
    expect(shown.messages[3]!.content).toBe(JSON.parse(problems.at(-1)!).problem)
    expect(seen.runs['surrogate']!.inspect.samples.map(({ id }) => id)).toContain('a \ufffd b-1')
  })
})
