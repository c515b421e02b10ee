import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, describe, expect, it } from 'vitest'
import { runEntrace } from '../support/run-entrace.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

function written(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const lines = (name: string, ...rows: object[]) =>
  written(name, rows.map(row => `${JSON.stringify(row)}\n`).join(''))
const run = (dataSet: string, ...args: string[]) =>
  runEntrace(['eval', '--model', 'models/arith-qwen2', '--dataset', dataSet, ...args])

const choices = { question: 'Which is prime?', choices: ['4', '6', '7', '9'], answer: 2, source: 'own' }

describe('eval --show-prompt', () => {
  it('shows context and options, the expected answer and what became of each column', async () => {
    const story = { context: 'Anna has 4, 6, 7 and 9 pens.', ...choices }
    const { exitCode, stdout, stderr } = await run(lines('options.jsonl', story), '--show-prompt')
    expect(exitCode, stderr).toBe(0)
    expect(stdout).toContain('user\nAnna has 4, 6, 7 and 9 pens.\n\nWhich is prime?\nA) 4\nB) 6\nC) 7\nD) 9<')
    expect(stderr).toContain(
      'columns used: problem from context and question, options from choices, answer from answer; options are named counted from 0',
    )
    expect(stderr).toContain('columns left: source')
    expect(stderr).toContain('problem 0 expects: C')
  })

  it('prints the same as JSON', async () => {
    const columnData = [
      { name: 'problem', data: ['2 + 0.9?'] },
      { name: 'answer', data: [29n] },
      { name: 'took', data: [new Uint8Array(12)] },
    ]
    const schema = [
      { name: 'root', num_children: 3 },
      { name: 'problem', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED', converted_type: 'UTF8' },
      {
        name: 'answer',
        type: 'INT32',
        repetition_type: 'REQUIRED',
        converted_type: 'DECIMAL',
        scale: 1,
        precision: 4,
      },
      {
        name: 'took',
        type: 'FIXED_LEN_BYTE_ARRAY',
        type_length: 12,
        repetition_type: 'REQUIRED',
        converted_type: 'INTERVAL',
      },
    ] as const
    const file = written(
      'decimal.parquet',
      new Uint8Array(parquetWriteBuffer({ columnData, schema: [...schema] })),
    )
    const { exitCode, stdout, stderr } = await run(file, '--show-prompt', '--json', '--quiet')
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({
      expectedAnswer: '2.9',
      columns: {
        used: { problem: ['problem'], answer: ['answer'] },
        left: ['took'],
        unread: { took: expect.stringMatching(/^cannot be read: .*interval/) },
      },
    })
  })

  it('shows examples of a file that has the named columns, and of one that has its own', async () => {
    const asked = lines('asked.jsonl', { Q: '4 + 4?', A: '8' })
    const solution = '1 + 1 = 2'
    const files = [
      lines('same.jsonl', { Q: '1 + 1?', A: '2', solution }),
      lines('own.jsonl', { question: '1 + 1?', answer: '2', solution }),
    ]
    for (const file of files) {
      const columns = ['--problem-column', 'Q', '--answer-column', 'A']
      const { exitCode, stdout, stderr } = await run(
        asked,
        ...columns,
        '--few-shot',
        '1',
        '--few-shot-file',
        file,
        '--show-prompt',
      )
      expect(exitCode, stderr).toBe(0)
      expect(stdout).toMatch(/user\n1 \+ 1\?<[\s\S]*assistant\n1 \+ 1 = 2<[\s\S]*user\n4 \+ 4\?</)
    }
  })

  it('ends 2 for a file that cannot be read', async () => {
    const { exitCode, stderr } = await run(written('x.constructor', '{}'), '--show-prompt')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^entrace: .*x\.constructor: expected a data set that ends in \.jsonl, /m)
  })
})

describe('eval', () => {
  it('says once which columns it uses, is right by the text of an option, and grades so again', async () => {
    const sum = 'Sara has 3 apples. Then Sara gets 4. What is the number of apples that Sara has at the end?'
    const file = lines('sums.jsonl', { question: sum, choices: ['6', '7', '12'], answer: 1 })
    const out = join(folder, 'run')
    const { exitCode, stderr } = await run(file, '--out', out, '--adapter', 'cpu', '--max-new-tokens', '40')
    expect(exitCode, stderr).toBe(0)
    expect(stderr.match(/^columns used: .*options from choices/gm)).toHaveLength(1)
    expect(stderr).toContain('problem 0 expects: B')
    const resultsOf = () => JSON.parse(readFileSync(join(out, 'all_results.json'), 'utf8')).results
    const [result] = resultsOf()
    expect(result).toMatchObject({ expectedAnswer: 'B', metadata: { expectedOption: '7' } })
    expect(result.problem).toBe(`${sum}\nA) 6\nB) 7\nC) 12`)
    const again = await runEntrace(['analyse', out, '--quiet'])
    expect(again.exitCode, again.stderr).toBe(0)
    const [regraded] = resultsOf()
    expect([regraded.correct, regraded.rule]).toEqual([result.correct, result.rule])
    expect(regraded.correct).toBe(regraded.extractedAnswer === '7')
  })
})
