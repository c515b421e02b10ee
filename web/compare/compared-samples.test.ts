import { describe, expect, it } from 'vitest'
import { defaultGradingRules } from '../../core/grade/grading-rules.ts'
import type { RunFacts } from '../../core/run/run-facts.ts'
import { findProblem, type ProblemSource, runDifferences } from './compared-samples.ts'

describe('findProblem', () => {
  /** A run of two answers to each problem, given as [id, text]; counts what is searched. */
  function runOf(...problems: [string, string][]) {
    const rows = problems.flatMap(([problemId, problem], index) =>
      [0, 1].map(() => ({ problemId, problem, problemIndex: index })),
    )
    const run = {
      searches: 0,
      columns: {
        count: rows.length,
        problemId: rows.map(row => row.problemId),
        problemIndex: Int32Array.from(rows, row => row.problemIndex),
      },
      readSample: async (row: number) => rows[row],
      async searchText(query: string, onMatches: (matches: { rows: number[] }) => void) {
        run.searches++
        for (const [row, { problem }] of rows.entries())
          if (problem.toLowerCase().includes(query.toLowerCase())) onMatches({ rows: [row] })
      },
    }
    return run as typeof run & ProblemSource
  }

  it('finds a problem under its id, wherever it stands', async () => {
    const run = runOf(['p7', 'Two and two?'], ['p3', 'Three and three?'])
    expect(await findProblem(run, { problemId: 'p3', problem: 'Three and three?' })).toEqual([2, 3])
    expect(run.searches).toBe(0)
  })

  it('finds a problem by its text where the id is that of another', async () => {
    const run = runOf(['0', 'One and one? Two and two?'], ['1', 'two and two?'], ['2', 'Two and two?'])
    expect(await findProblem(run, { problemId: '0', problem: 'Two and two?' })).toEqual([4, 5])
  })

  it('finds none where the text is nowhere', async () => {
    expect(
      await findProblem(runOf(['0', 'Two and two? Say.']), { problemId: '0', problem: 'Two and two?' }),
    ).toEqual([])
  })
})

describe('runDifferences', () => {
  const facts = (changes: Partial<RunFacts>) =>
    ({ model: 'a', dtypes: 'bf16', dataSet: 'set', problems: 3, mesh: null, ...changes }) as RunFacts

  it('names what differs and changes answers or verdicts, and nothing else', () => {
    const one = facts({
      grading: defaultGradingRules,
      decoding: { temperature: 0, stopIds: [1, 2], seed: 0, samples: 1, sources: {} },
    })
    const other = facts({
      dataSet: 'other',
      problems: 9,
      mesh: { tp: 2, dp: 1 },
      grading: { tolerance: 0.01, severalBoxes: 'all' },
      decoding: {
        temperature: 0.7,
        stopIds: [1, 2],
        seed: 0,
        topP: 0.9,
        samples: 4,
        sources: { topP: 'flag' },
      },
    })
    expect(runDifferences(one, other)).toEqual([
      'data set set → other',
      'temperature 0 → 0.7',
      'tolerance 0 → 0.01',
      'topP none → 0.9',
    ])
    expect(runDifferences(one, one)).toEqual([])
    expect(runDifferences(null, one)).toEqual([])
  })
})
