import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runEntrace } from '../support/run-entrace.ts'

const hostile = '\u001b]0;title\u0007\u001b[2Jcleared\r\u009b31m\u202edrawkcab\u007f'
const raw = /(?![\n\t])[\p{Cc}\u202a-\u202e]/u

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const dataset = join(folder, 'problems.jsonl')
const model = join(folder, 'model')
beforeAll(() => {
  cpSync('models/arith-qwen2', model, { recursive: true })
  writeFileSync(join(model, 'chat_template.jinja'), `{{ raise_exception('${hostile}') }}`)
  const problem = { id: `one ${hostile}`, problem: `1 + 1 ${hostile}`, answer: '2' }
  writeFileSync(dataset, `${JSON.stringify(problem)}\n`)
})

it.each([
  ['a problem', ['eval', '--model', 'models/arith-qwen2', '--show-prompt', '--dataset', dataset], 0],
  [
    'a file name',
    ['eval', '--model', 'models/arith-qwen2', '--out', folder, '--dataset', `${folder}/${hostile}.jsonl`],
    2,
  ],
  ['what a template raises', ['eval', '--model', model, '--show-prompt', '--dataset', dataset], 2],
  [
    'the same with its stack',
    ['eval', '--debug', '--model', model, '--show-prompt', '--dataset', dataset],
    2,
  ],
  ['a flag', ['grade', `--${hostile}`], 2],
  ['an answer', ['grade', '--answer', `\\boxed{${hostile}}`, '--expected', hostile], undefined],
  ['a folder', ['analyse', `${folder}/${hostile}`], 2],
] as [string, string[], number | undefined][])(
  'reach no terminal as they are: %s',
  async (_, args, exitCode) => {
    const { stdout, stderr, ...result } = await runEntrace(args)
    if (exitCode !== undefined) expect(result.exitCode, stderr).toBe(exitCode)
    expect(stdout + stderr).not.toMatch(raw)
    if (exitCode !== undefined) expect(stdout + stderr).toContain('\\u001b]0;title\\u0007\\u001b[2Jcleared')
  },
)

it('are what they are in JSON', async () => {
  const args = ['eval', '--model', 'models/arith-qwen2', '--show-prompt', '--json', '--dataset', dataset]
  const { stdout } = await runEntrace(args)
  expect(stdout).not.toMatch(raw)
  expect(JSON.parse(stdout).problemId).toBe(`one ${hostile}`)
  expect(JSON.parse(stdout).prompt).toContain(`1 + 1 ${hostile}`)
})
