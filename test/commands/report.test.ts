import { mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import type { SampleRecord } from '../../core/record/sample.ts'
import { compareCommand } from '../../node-runner/commands/compare.ts'
import { summariseRun } from '../../node-runner/run/summarise-run.ts'
import { writeResults } from '../../node-runner/run/write-results.ts'
import { failedSample, oddRuns, simulateClusters, simulateSamples } from '../golden/statistics-samples.ts'
import { runCommand } from '../support/run-command.ts'
import { writeRun } from '../support/write-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

let made = 0
/** A run of these samples with its results: its folder. */
function analysed(samples: SampleRecord[]): string {
  const out = join(folder, `run-${made++}`)
  const numbered = samples.map((sample, index) => ({
    ...sample,
    problemIndex: index,
    problemId: String(index),
  }))
  writeResults(out, writeRun(out, numbered), numbered)
  return out
}

const reportsOf = (out: string) =>
  ['report.md', 'report.html'].map(name => readFileSync(join(out, name), 'utf8'))

describe('the report of a run', () => {
  it('says what its numbers carry, with intervals and every section', () => {
    const [markdown, html] = reportsOf(analysed(simulateSamples(60, 40)))
    for (const heading of [
      'Summary',
      'Set-up',
      'Findings',
      'Correlations',
      'Patterns',
      'Examples',
      'Artefacts',
    ])
      expect(markdown).toContain(`## ${heading}`)
    expect(markdown).toMatch(/60 of 100 answers are right: accuracy 60\.0 % \(\d\d\.\d % to \d\d\.\d %\)/)
    expect(markdown).toMatch(
      /Wrong answers have more mean entropy than right ones: AUROC of MeanTokenEntropy 0\.\d+ \(0\.\d+ to [01]\.\d+\), DeLong, 40 wrong, 60 right/,
    )
    // Each number that is estimated has its interval in the cell.
    const cell = '−?\\d+\\.\\d+ \\(−?\\d+\\.\\d+ to −?\\d+\\.\\d+\\)'
    for (const row of [
      `right \\| 60 \\| ${cell}`,
      `wrong \\| 40 \\| ${cell}`,
      `MeanTokenEntropy \\| 100 \\| ${cell} \\|.*\\| ${cell} \\| 0\\.400 \\|( ${cell} \\|){3}`,
      `platt \\|( ${cell} \\|){4} 0\\.\\d+ \\| 0\\.\\d+ \\|( ${cell} \\|){2}`,
      ...['Pearson', 'point-biserial', 'Spearman', 'Kendall, τ-b'].map(name => `${name} \\| 100 \\| ${cell}`),
    ])
      expect(markdown).toMatch(new RegExp(`^\\| ${row}`, 'm'))
    expect(markdown).toMatch(new RegExp(`Difference wrong − right ${cell}, Hedges' g ${cell}`))
    expect(html!.match(/<svg/g)).toHaveLength(4)
    expect(html).not.toContain('<script')
  })

  it('does not conclude from two right answers among 104', () => {
    const [markdown] = reportsOf(analysed(simulateSamples(2, 102)))
    expect(markdown).toContain('Only 2 correct answers')
    expect(markdown).toContain('Calibration is not measured')
    expect(markdown).toMatch(
      /It cannot be concluded that mean entropy .* 102 wrong, 2 right; 2 right answers cannot/,
    )
    expect(markdown).not.toMatch(/Wrong answers have|ranks better|ranks worse/)
  })

  it('takes problems as clusters where they have several answers, as every other place does', async () => {
    const samples = simulateClusters()
    const out = join(folder, 'clustered')
    const results = writeResults(out, writeRun(out, samples), samples)
    const { accuracyClustered, aurocBootstrap, aurocPermutationP } = results.analysis
    const [markdown] = reportsOf(out)
    const ends = (low: number | null, high: number | null, scale: number, places: number, unit: string) =>
      [low, high].map(end => `${(scale * end!).toFixed(places)}${unit}`).join(' to ')
    expect(markdown).toContain(
      `accuracy 50.0 % (${ends(accuracyClustered.low, accuracyClustered.high, 100, 1, ' %')}), Wilson's 95 % interval with the 12 problems as clusters`,
    )
    expect(markdown).toContain(
      `(${ends(aurocBootstrap.low, aurocBootstrap.high, 1, 3, '')}), resampled problems, 60 wrong, 60 right`,
    )
    const summary = summariseRun(results.analysis, results.files)
    expect(summary).toContain('answers to 12 problems')
    expect(summary).toContain(
      `95 % interval ${ends(accuracyClustered.low, accuracyClustered.high, 100, 1, ' %')}`,
    )
    expect(summary).toContain(
      `95 % interval ${ends(aurocBootstrap.low, aurocBootstrap.high, 1, 3, '')}, p ${aurocPermutationP.value!.toFixed(3)} (permutation of problems)`,
    )
    const { pearson, capHitRate } = results.analysis.intervals
    expect(summary).toContain(`95 % interval ${ends(pearson!.low, pearson!.high, 1, 3, '')}, p `)
    expect(summary).toContain(`95 % interval ${ends(capHitRate!.low, capHitRate!.high, 100, 1, ' %')}`)
    const [, html] = reportsOf(out)
    expect(html).toContain(
      `area with its 95 % interval ${results.analysis.auroc.value!.toFixed(3)} (${ends(aurocBootstrap.low, aurocBootstrap.high, 1, 3, '')}), resampled problems`,
    )
    const figure = readFileSync(results.files.figureSvg, 'utf8')
    expect(figure).toContain('answers to 12 problems, which the intervals above take as clusters')
    expect(figure).toContain(
      `50.0 % (95 % interval ${ends(accuracyClustered.low, accuracyClustered.high, 100, 1, '')} %)`,
    )
    expect(figure).toContain(
      `(95 % interval ${ends(aurocBootstrap.low, aurocBootstrap.high, 1, 3, '')}, p = ${Number(aurocPermutationP.value!.toPrecision(3))})`,
    )
    const { stdout } = await runCommand(compareCommand(), [out, out, '--json'])
    const [run] = JSON.parse(stdout).runs
    expect(run.accuracy).toMatchObject({ ...accuracyClustered, method: expect.stringContaining('clusters') })
    expect(run.auroc).toMatchObject({
      low: aurocBootstrap.low,
      high: aurocBootstrap.high,
      p: aurocPermutationP.value,
      method: 'resampled problems',
    })
  })

  // Thousands of samples are of interest to figures alone.
  const smallRuns = oddRuns.filter(({ samples }) => samples.length < 1000)
  it.each(smallRuns.map(({ name, samples }) => [name, samples] as const))(
    'prints no NaN: %s',
    (_, samples) => {
      for (const text of reportsOf(analysed(samples)))
        expect(text).not.toMatch(/\bNaN\b|\bInfinity\b|>undefined<|\| undefined|\bnull\b/)
    },
  )

  it('shows hostile texts as texts', () => {
    const [first, ...others] = simulateSamples(20, 20)
    const hostile = '<script>alert(1)</script> | ![x](http://example.org/x.png) **bold** `code`\n# heading'
    const [markdown, html] = reportsOf(
      analysed([
        { ...first!, meanEntropyNats: 0, problem: hostile, generatedText: hostile },
        ...others,
        failedSample,
      ]),
    )
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(html).not.toContain('<script>')
    expect(markdown).toContain('&lt;script&gt;alert(1)&lt;/script&gt; \\| !\\[x\\](http')
    expect(markdown).not.toMatch(/^(> )?# heading/m)
  })
})

describe('compare', () => {
  it('puts runs side by side and tests the first against the others', async () => {
    const samples = simulateSamples(40, 30)
    const first = analysed(samples)
    const second = analysed(
      samples.map((sample, index) =>
        index < 12 ? { ...sample, correct: false, extractedAnswer: 'no' } : sample,
      ),
    )
    const { stdout } = await runCommand(compareCommand(), [first, second, '--json'])
    const { runs, pairings } = JSON.parse(stdout)
    expect(runs.map((run: { total: number }) => run.total)).toEqual([70, 70])
    const { accuracy, pairs } = pairings[0].comparison
    expect(pairs).toBe(70)
    const rights = runs.map((run: { accuracy: { value: number } }) => run.accuracy.value)
    expect(accuracy.difference).toBeCloseTo(rights[0] - rights[1], 12)
    const table = await runCommand(compareCommand(), [first, second])
    expect(table.stdout).toContain('| accuracy |')
    expect(table.stdout).not.toMatch(/NaN/)
  })

  it('refuses one run, and a folder that holds none', async () => {
    const first = analysed(simulateSamples(2, 2))
    const compare = (...folders: string[]) => runCommand(compareCommand(), folders)
    await expect(compare(first)).rejects.toThrow(/found 1 run, expected two or more/)
    await expect(compare(first, join(folder, 'none'))).rejects.toThrow(InputError)
    await expect(compare(first, join(folder, 'none'))).rejects.toThrow(
      /none: expected a run's folder with run\.json/,
    )
    rmSync(join(first, 'summary.parquet'))
    rmSync(join(first, 'samples.jsonl'))
    await expect(compare(first, first)).rejects.toThrow(
      /summary\.parquet: is missing, and so is samples\.jsonl/,
    )
  })

  it('reads the journal where the columns are missing, or older', async () => {
    // Two answers a problem, so that the scores of both together are columns as well.
    const samples = simulateSamples(20, 20).map((sample, index) => ({
      ...sample,
      problemIndex: index >> 1,
      problemId: String(index >> 1),
      sampleIndex: index & 1,
      // What is read from the journal is graded again, to the same verdicts.
      generatedText: String(index % 3),
      extractedAnswer: String(index % 3),
      expectedAnswer: sample.correct ? String(index % 3) : '9',
    }))
    const [whole, rest] = [join(folder, 'whole'), join(folder, 'rest')]
    writeResults(whole, writeRun(whole, samples), samples)
    writeResults(rest, writeRun(rest, samples), samples.slice(0, 30))
    const totalsOf = async () => {
      const { runs } = JSON.parse((await runCommand(compareCommand(), [whole, rest, '--json'])).stdout)
      return runs.map(({ folder: _, ...run }: { folder: string; total: number }) => run)
    }
    const [known, stale] = await totalsOf()
    expect([known.total, stale.total]).toEqual([40, 30])
    const later = Date.now() / 1000 + 10
    utimesSync(join(rest, 'samples.jsonl'), later, later)
    expect(await totalsOf()).toEqual([known, known])
    rmSync(join(whole, 'summary.parquet'))
    expect(await totalsOf()).toEqual([known, known])
  })
})
