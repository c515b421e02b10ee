import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { promptFolders, writePromptFolder } from '../golden/prompts-folders.ts'
import { changedModel } from '../support/change-model.ts'
import { type CommandResult, runEntrace } from '../support/run-entrace.ts'
import { readResults, readRunFile } from '../support/run-files.ts'

const ships = 'models/arith-qwen2'
const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The model that ships with the tokenizer files of another folder in place of its own. */
function modelWith(name: string): string {
  return changedModel(folder, ships, file => {
    for (const own of ['tokenizer.json', 'tokenizer_config.json']) rmSync(file(own))
    writePromptFolder(file(''), promptFolders[name]!)
  })
}

function evaluate(model: string, ...flags: string[]): Promise<CommandResult> {
  const dataSet = ['--dataset', 'datasets/arith-104.jsonl', '--limit', '2']
  return runEntrace(['eval', '--model', model, ...dataSet, '--adapter', 'cpu', ...flags])
}

const [first] = readFileSync('datasets/arith-104.jsonl', 'utf8').split('\n')
const problem: string = JSON.parse(first!).problem

describe('a model whose template refuses a system message', () => {
  const model = modelWith('a template that refuses a system message')
  const system = ['--system-prompt', 'Be brief.']
  const told = /^the model's chat template takes no system message: its text stands at the start/m
  const question = `<|im_start|>user\nBe brief.\n\n${problem}<|im_end|>\n`

  it('is shown with it in the user message, and it is said', async () => {
    const shown = await evaluate(model, '--show-prompt', ...system)
    expect([shown.exitCode, shown.stdout]).toEqual([0, expect.stringContaining(question)])
    expect(shown.stderr).toMatch(told)
    const { stdout } = await evaluate(model, '--show-prompt', ...system, '--json')
    expect(JSON.parse(stdout)).toMatchObject({ systemInUserMessage: true })
    expect((await evaluate(model, '--show-prompt')).stderr).not.toMatch(told)
  })

  it('is run so, and run.json says it', async () => {
    const out = join(folder, 'refusing')
    const { exitCode, stderr } = await evaluate(model, '--out', out, ...system)
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toMatch(told)
    expect(readRunFile(out, 'run.json')).toMatchObject({
      prompt: { systemPrompt: 'Be brief.', systemInUserMessage: true },
    })
    const [line] = readFileSync(join(out, 'samples.jsonl'), 'utf8').split('\n')
    expect(JSON.parse(line!).prompt).toContain(question)
    // The same command goes on with the run.
    expect((await evaluate(model, '--out', out, ...system)).exitCode).toBe(0)
  })

  it('answers a prompt so', async () => {
    const flags = ['--adapter', 'cpu', '--max-new-tokens', '2', ...system]
    const { exitCode, stderr } = await runEntrace(['generate', '--model', model, '--prompt', 'x', ...flags])
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toMatch(told)
  })
})

it('a folder with vocab.json and merges.txt and no tokenizer_config.json gives the same answers', async () => {
  const model = modelWith('vocab.json and merges.txt')
  const [own, other] = [join(folder, 'own'), join(folder, 'other')]
  // Its template comes alone, with the added tokens in the file that older folders have.
  const { chat_template } = JSON.parse(readFileSync(join(ships, 'tokenizer_config.json'), 'utf8'))
  rmSync(join(model, 'tokenizer_config.json'))
  writeFileSync(join(model, 'chat_template.jinja'), chat_template)
  const added = { '<|endoftext|>': 500, '<|im_start|>': 501, '<|im_end|>': 502 }
  writeFileSync(join(model, 'added_tokens.json'), JSON.stringify(added))
  for (const [path, out] of [
    [ships, own],
    [model, other],
  ] as const) {
    const { exitCode, stderr } = await evaluate(path, '--out', out)
    expect(exitCode, stderr).toBe(0)
  }
  const [expected, found] = [own, other].map(out =>
    readResults(out).map(({ tokenIds, promptTokens, sumLogprob }) => ({
      tokenIds,
      promptTokens,
      sumLogprob,
    })),
  )
  expect(found).toEqual(expected)
})
