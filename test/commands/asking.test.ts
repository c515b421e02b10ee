import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { evalCommand } from '../../node-runner/commands/eval.ts'
import { generateCommand } from '../../node-runner/commands/generate.ts'
import { commandOf } from '../../node-runner/run/run-card.ts'
import { requireRun } from '../../node-runner/run/run-description.ts'
import { changedModel } from '../support/change-model.ts'
import { runCommand } from '../support/run-command.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { readResults, readRunFile } from '../support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const ships = 'models/arith-qwen2'

/** The model that ships with its tokenizer's files changed. */
function modelWith(change: (tokenizer: Record<string, unknown>, config: Record<string, unknown>) => void) {
  return changedModel(folder, ships, file => {
    const [tokenizer, config] = ['tokenizer.json', 'tokenizer_config.json'].map(name =>
      JSON.parse(readFileSync(file(name), 'utf8')),
    )
    change(tokenizer, config)
    writeFileSync(file('tokenizer.json'), JSON.stringify(tokenizer))
    writeFileSync(file('tokenizer_config.json'), JSON.stringify(config))
  })
}

/** A base model: no chat template, and <|endoftext|> begins a text. */
const base = modelWith((tokenizer, config) => {
  delete config.chat_template
  tokenizer.post_processor = {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: 'bos', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    special_tokens: { bos: { id: 'bos', ids: [500], tokens: ['<|endoftext|>'] } },
  }
})
/** A model whose template looks at an argument. */
const thinking = modelWith((_, config) => {
  config.chat_template += "{{ 'Hm.' if enable_thinking is not defined or enable_thinking else '' }}"
})

const dataSet = ['--dataset', 'datasets/arith-104.jsonl', '--limit', '2']
const [first] = readFileSync('datasets/arith-104.jsonl', 'utf8').split('\n')
const problem: string = JSON.parse(first!).problem
const evaluate = (model: string, ...flags: string[]) =>
  runEntrace(['eval', '--model', model, ...dataSet, '--adapter', 'cpu', '--max-new-tokens', '4', ...flags])
/** The first prompt, as `eval --show-prompt` prints it, and what it says beside it. */
async function show(model: string, ...flags: string[]) {
  let stderr = ''
  const write = vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    stderr += text
    return true
  })
  try {
    const { stdout } = await runCommand(evalCommand(), [
      '--model',
      model,
      ...dataSet,
      '--show-prompt',
      ...flags,
    ])
    return { stdout, stderr }
  } finally {
    write.mockRestore()
  }
}
const prompting = (out: string) => requireRun(out).prompt

describe('--raw', () => {
  it('is named where a model has no chat template, and shows the problem as the prompt', async () => {
    await expect(show(base)).rejects.toThrow(
      /expected a chat_template.*--raw takes the problem as the prompt/,
    )
    const { stdout, stderr } = await show(base, '--raw')
    expect(stdout).toBe(`${problem}\n`)
    expect(stderr).toMatch(
      /tokens, problem 0, raw, the first of them <\|endoftext\|>, which the tokenizer puts before it/,
    )
    const shown = JSON.parse((await show(base, '--raw', '--json')).stdout)
    const without = JSON.parse((await show(ships, '--raw', '--json')).stdout)
    expect(shown).toMatchObject({ raw: true, prompt: problem, promptTokens: without.promptTokens + 1 })
    // No template, no end of turn.
    expect(shown.stops.tokens.flatMap(({ from }: { from: string[] }) => from)).not.toContain('chat template')
  })

  it('is run and resumed so, recorded, and asked for again by the card', async () => {
    const out = join(folder, 'raw')
    const ran = await evaluate(base, '--raw', '--out', out)
    expect(ran.exitCode, ran.stderr).toBe(0)
    expect(prompting(out)).toMatchObject({ style: 'plain', raw: true })
    expect(prompting(out)).not.toHaveProperty('chatTemplateDigest')
    expect(commandOf(requireRun(out))).toMatch(/ --raw /)
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain('the problem alone, in no chat template')
    const [result] = readResults(out)
    expect(result).toMatchObject({ prompt: problem })
    expect((await evaluate(base, '--raw', '--out', out)).exitCode).toBe(0)
    // The same ids, asked for by themselves, have the same answer.
    const raw = [...['--model', base, '--adapter', 'cpu', '--max-new-tokens', '4', '--json']]
    const asked = await runEntrace(['generate', ...raw, '--raw', '--prompt', problem])
    expect(JSON.parse(asked.stdout).tokens.map(({ id }: { id: number }) => id)).toEqual(result!.tokenIds)
    expect(JSON.parse(asked.stdout).promptTokens).toBe(result!.promptTokens)
  })

  it('is another run than one in the chat template', async () => {
    const out = join(folder, 'templated')
    expect((await evaluate(ships, '--out', out)).exitCode).toBe(0)
    const { exitCode, stderr } = await evaluate(ships, '--raw', '--out', out)
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/prompt\.raw was not set, is true/)
    expect(readRunFile(out, 'run.json')).not.toHaveProperty('prompt.raw')
  })

  it('puts examples before the problem', async () => {
    const examples = join(folder, 'examples.jsonl')
    writeFileSync(examples, '{"problem":"1 + 1?","answer":"2","solution":"It is 2."}\n')
    const { stdout } = await show(base, '--raw', '--few-shot', '1', '--few-shot-file', examples)
    expect(stdout).toBe(`1 + 1?\nIt is 2.\n\n${problem}\n`)
  })

  it.each([
    [['--system-prompt', 'Be brief.'], /--raw: .* expected no --system-prompt beside it/],
    [['--template-arg', 'a=1'], /--raw: .* expected no --template-arg beside it/],
    [['--prompt-style', 'boxed'], /--raw: .* expected no --prompt-style boxed beside it/],
    [['--p-true'], /--raw: .* expected no --p-true beside it/],
  ])('refuses %j', async (flags, message) => {
    await expect(show(base, '--raw', ...flags)).rejects.toThrow(message)
  })

  it('has nothing to say of ids', async () => {
    const ids = ['--model', ships, '--prompt-ids', '1,2']
    await expect(runCommand(generateCommand(), [...ids, '--raw'])).rejects.toThrow(/expected no --prompt-ids/)
    await expect(runCommand(generateCommand(), [...ids, '--template-arg', 'a=1'])).rejects.toThrow(
      /expected no --prompt-ids/,
    )
  })
})

describe('--template-arg', () => {
  it('is given to the template, and told of where that never looks at it', async () => {
    const [with_, without] = [
      await show(thinking),
      await show(thinking, '--template-arg', 'enable_thinking=false', '--template-arg', 'level=high'),
    ]
    expect(with_.stdout).toBe(without.stdout.replace(/\n$/, 'Hm.\n'))
    expect(without.stderr).toMatch(/--template-arg level: the model's chat template never looks at it/)
    expect(without.stderr).not.toMatch(/enable_thinking/)
    await expect(show(thinking, '--template-arg', 'messages=[]')).rejects.toThrow(/messages in any case/)
  })

  it('is recorded, and part of what a run is', async () => {
    const out = join(folder, 'thinking')
    const ran = await evaluate(thinking, '--template-arg', 'enable_thinking=false', '--out', out)
    expect(ran.exitCode, ran.stderr).toBe(0)
    expect(prompting(out)).toMatchObject({ templateArguments: { enable_thinking: false } })
    expect(commandOf(requireRun(out))).toContain('--template-arg enable_thinking=false')
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toMatch(
      /chat template with enable.{0,3}thinking=false/,
    )
    const other = await evaluate(thinking, '--out', out)
    expect(other.exitCode).toBe(2)
    expect(other.stderr).toMatch(/prompt\.templateArguments\.enable_thinking was false, is not set/)
  })

  it('changes the answer of generate as it changes the prompt', async () => {
    const flags = [
      '--model',
      thinking,
      '--adapter',
      'cpu',
      '--max-new-tokens',
      '2',
      '--json',
      '--prompt',
      'x',
    ]
    const [plain, quiet] = await Promise.all([
      runEntrace(['generate', ...flags]),
      runEntrace(['generate', ...flags, '--template-arg', 'enable_thinking=false']),
    ])
    expect(JSON.parse(plain.stdout).promptTokens).toBeGreaterThan(JSON.parse(quiet.stdout).promptTokens)
  })
})
