import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import type { SampleRecord } from '../../core/record/sample.ts'
import { openTraces } from '../../core/record/traces.ts'
import { calibrateAnswers } from '../../core/study/analyse-run.ts'
import { openSummary } from '../../core/study/summary.ts'
import { writeResults } from '../../node-runner/run/write-results.ts'
import { failedSample, simulateClusters, simulateSamples } from '../golden/statistics-samples.ts'
import { memoryByteSource } from '../support/memory-byte-source.ts'
import { traceSample } from '../support/trace-sample.ts'
import { writeRun } from '../support/write-run.ts'
import { type PeerPackages, peerPackages } from './peer-packages.ts'

const work = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(work, { recursive: true }))

/** A text and a name of what is hard to carry in UTF-8, YAML and Markdown. */
const odd = 'half a pair \ud800 "a": {b: 1} | # c \u0085\u2028\u0000 𝄞\n---\n- x'

/** A run, and what its card is called. */
interface TestedRun {
  samples: SampleRecord[]
  changes?: Parameters<typeof writeRun>[2]
  title: string
}

const runs: Record<string, TestedRun> = {
  'one answer a problem': { samples: simulateSamples(60, 40), title: 'a-model on a-set.jsonl' },
  'several answers, and failed ones': {
    samples: [...simulateClusters(), { ...failedSample, problemIndex: 12, problemId: '12' }],
    changes: {
      limit: 13,
      decoding: { maxNewTokens: 64, stopIds: [2], temperature: 1, seed: 0, samples: 10, topLogprobs: 3 },
    },
    title: 'a-model on a-set.jsonl (a part: 121 of 130 samples)',
  },
  'a part, of odd texts and names': {
    samples: Array.from({ length: 5 }, (_, index) =>
      traceSample(index, 3, { problem: odd, generatedText: odd, problemId: `${odd}${index}` }),
    ),
    changes: {
      limit: 9,
      model: { name: odd, revision: null, weightDigest: 'a'.repeat(64), dtypes: ['bf16'] },
    },
    // Half a pair is no character.
    title: `${odd.toWellFormed()} on a-set.jsonl (a part: 5 of 9 samples)`,
  },
}

/** Writes a run with its results into a new folder named `run`, and gives the folder around it. */
function write({ samples, changes }: TestedRun): string {
  const around = mkdtempSync(join(work, 'run-'))
  writeResults(join(around, 'run'), writeRun(join(around, 'run'), samples, changes), samples)
  return around
}

/** What a Python program prints. Throws with what it said where it fails. */
function runPython({ python, env }: PeerPackages, cwd: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, args, {
    // Nothing is looked up on the Hub, and nothing left in the user's folder.
    env: { ...env, HF_HUB_OFFLINE: '1', HF_HOME: join(work, 'hub') },
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(`python ${args[0]} ended with ${status}: ${stderr}`)
  return stdout
}

/** A type of `describeColumns` as pyarrow names it. */
function arrowType(type: string): string {
  if (type.startsWith('list of ')) return `list<item: ${arrowType(type.slice('list of '.length))}>`
  return type === 'boolean' ? 'bool' : type
}

type Row = Record<string, unknown>
type Table = {
  types: [name: string, type: string][]
  rows: Row[]
  described: { name: string; type: string; unit: string; meaning: string }[]
}

const column = (rows: Row[], name: string) => rows.map(row => row[name])
/** As JSON has what is not defined. */
const orNull = (values: Iterable<number>) => Array.from(values, value => (Number.isNaN(value) ? null : value))

it.for(Object.keys(runs))(
  'datasets loads both tables by the card as they are read here: %s',
  async (name, { skip }) => {
    const packages = peerPackages('tables.txt')
    if ('missing' in packages) {
      console.log(`no tables opened by other packages: ${packages.missing}`)
      return skip(packages.missing)
    }
    const around = write(runs[name]!)
    const program = fileURLToPath(new URL('open-tables.py', import.meta.url))
    const printed = runPython(packages, around, [program, 'run', join(around, 'cache')])
    const { tables, byDefault, title } = JSON.parse(printed) as {
      title: string
      tables: Record<'summary' | 'traces', Table>
      byDefault: string[]
    }
    for (const { types, described } of Object.values(tables))
      expect(types).toEqual(described.map(({ name: of, type }) => [of, arrowType(type)]))
    expect(byDefault).toEqual(tables.summary.described.map(({ name: of }) => of))

    expect(title).toBe(runs[name]!.title)

    const source = (file: string) => memoryByteSource(readFileSync(join(around, 'run', file)), file)
    const summary = await openSummary(source('summary.parquet'))
    const columns = await summary.readColumns()
    const { rows } = tables.summary
    expect(rows).toHaveLength(runs[name]!.samples.length)
    for (const [of, values] of [
      ['problem_id', columns.problemId],
      ['sample_index', [...columns.sampleIndex]],
      ['correct', Array.from(columns.correct, Boolean)],
      ['expected_answer', columns.expectedAnswer],
      ['generated_tokens', [...columns.generatedTokens]],
      ['duration_ms', [...columns.durationMs]],
      ...Object.entries(columns.scores).map(([score, found]) => [score, orNull(found)] as const),
      ['probability_correct', orNull(calibrateAnswers(columns))],
    ] as const)
      expect(column(rows, of), of).toEqual(values)

    const traces = await openTraces(source('traces.parquet'), await summary.readTraceIndex())
    expect(tables.traces.rows).toHaveLength(traces.count)
    for (const [row, found] of tables.traces.rows.entries()) {
      const { tokens, ...sample } = await traces.read(row)
      expect(found).toMatchObject({
        problem_id: sample.problemId,
        error: sample.error,
        problem: sample.problem,
        generated_text: sample.generatedText,
        metadata: JSON.stringify(sample.metadata),
        token_id: Array.from(tokens.tokenId),
        token_text: Array.from(tokens.tokenText),
        entropy_nats: Array.from(tokens.entropyNats),
        top_ids: Array.from(tokens.topIds, ids => Array.from(ids)),
        top_logprobs: Array.from(tokens.topLogprobs, logprobs => Array.from(logprobs)),
        tail_mass: Array.from(tokens.tailMass),
      })
    }
    console.log(
      `${name}: ${rows.length} rows, ${tables.summary.types.length} and ${tables.traces.types.length} columns`,
    )
  },
)

it('the programs of the page of the tables run, and agree', ({ skip }) => {
  const packages = peerPackages('tables.txt')
  if ('missing' in packages) {
    console.log(`no programs of docs/tables.md run: ${packages.missing}`)
    return skip(packages.missing)
  }
  const page = readFileSync(new URL('../../docs/tables.md', import.meta.url), 'utf8')
  const programs = Array.from(page.matchAll(/^```python\n(.*?)^```$/gms), ([, text]) => text!)
  const around = write(runs['one answer a problem']!)
  const printed = programs.map(program => {
    const output = runPython(packages, around, ['-c', program])
    console.log(`${program}${output}`)
    return output
  })
  const [polars, pandas] = ['import polars', 'import pandas'].map(
    begin => printed[programs.findIndex(program => program.startsWith(begin))]!,
  )
  expect(programs.map(program => program.trimEnd().split('\n').length).slice(0, 2)).toEqual([5, 5])
  expect(programs).toHaveLength(3)
  const samples = runs['one answer a problem']!.samples
  for (const isCorrect of [true, false]) {
    const means = samples
      .filter(({ correct }) => correct === isCorrect)
      .map(sample => sample.meanEntropyNats!)
    const mean = means.reduce((sum, value) => sum + value, 0) / means.length
    for (const output of [polars, pandas]) {
      const numbers = output!.match(/\d+\.\d+/g)!.map(Number)
      expect(Math.min(...numbers.map(number => Math.abs(number - mean)))).toBeLessThan(1e-6)
    }
  }
})
