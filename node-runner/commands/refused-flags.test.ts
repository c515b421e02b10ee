import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, CommanderError } from 'commander'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { changedModel } from '../../test/support/change-model.ts'
import { analyseCommand } from './analyse.ts'
import { evalCommand } from './eval.ts'
import { generateCommand } from './generate.ts'
import { gradeCommand } from './grade.ts'
import { chooseMaxNewTokens } from './run-flags.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What a command throws for these arguments. */
async function refusal(command: Command, args: string[]): Promise<unknown> {
  command.exitOverride().configureOutput({ writeErr() {} })
  return command.parseAsync(args, { from: 'user' }).then(
    () => 'nothing',
    (error: unknown) => error,
  )
}

const tied = ['--model', 'test/models/random-tied']
const ids = ['--prompt-ids', '1,2']
/** A model that does not say how to decode. */
const untold = changedModel(folder, 'models/arith-qwen2', file => rmSync(file('generation_config.json')))
const run = ['--dataset', 'datasets/arith-104.jsonl', '--out', join(folder, 'out')]

describe('the command line refuses', () => {
  it.each<[string, () => Command, string[], RegExp]>([
    ['no model', generateCommand, ids, /required option '--model <folder>' not specified/],
    ['no data set', evalCommand, [...tied, '--out', 'x'], /required option '--dataset <file>' not specified/],
    ['no folder for the run', evalCommand, [...tied, '--dataset', 'x'], /required option '--out <dir>'/],
    [
      'an unknown flag',
      generateCommand,
      [...tied, ...ids, '--no-such-flag'],
      /unknown option '--no-such-flag'/,
    ],
    ['a flag without its value', generateCommand, [...tied, '--prompt-ids'], /argument missing/],
    ['a word too many', generateCommand, [...tied, ...ids, 'word'], /too many arguments/],
    ['no folder to analyse', analyseCommand, [], /missing required argument 'dir'/],
    [
      'no new tokens',
      generateCommand,
      [...tied, ...ids, '--max-new-tokens', '0'],
      /whole number of 1 or more, found "0"/,
    ],

    ['top tokens beyond 100', generateCommand, [...tied, ...ids, '--top-logprobs', '101'], /from 1 to 100/],
    ['no sequences at once', evalCommand, [...tied, ...run, '--max-concurrent', '0'], /from 1 to 4096/],
    ['a limit of nothing', evalCommand, [...tied, ...run, '--limit', '0'], /found "0"/],
    [
      'ids that are none',
      generateCommand,
      [...tied, '--prompt-ids', '1,x'],
      /expected token ids .* found "x"/,
    ],
    [
      'no id between commas',
      generateCommand,
      [...tied, '--prompt-ids', '1,,2'],
      /expected token ids .* found ""/,
    ],
  ])('%s', async (_, command, args, message) => {
    const error = await refusal(command(), args)
    expect(error).toBeInstanceOf(CommanderError)
    expect((error as CommanderError).message).toMatch(message)
  })

  it.each(['0/2', '3/2', '1/0', '2', '1.5/2', '-1/2', 'a/b', '1/2/3'])('--shard "%s"', async shard => {
    const error = await refusal(evalCommand(), ['--model', untold, ...run, '--shard', shard])
    expect(error).toBeInstanceOf(CommanderError)
    expect((error as CommanderError).message).toContain(`expected part i of n as 2/8, found "${shard}"`)
  })

  it.each<[string, string, string]>([
    ['--temperature', 'x', 'a number 0 or from 0.000001 to 100'],
    ['--temperature', '', 'a number 0 or from 0.000001 to 100'],
    ['--temperature', 'Infinity', 'a number 0 or from 0.000001 to 100'],
    ['--temperature', '-0.5', 'a number 0 or from 0.000001 to 100'],
    ['--temperature', '1e-9', 'a number 0 or from 0.000001 to 100'],
    ['--temperature', '101', 'a number 0 or from 0.000001 to 100'],
    ['--top-k', '-2', 'a whole number of 1 or more'],
    ['--top-k', '2.5', 'a whole number of 1 or more'],
    ['--top-p', '0', 'a number above 0 and up to 1'],
    ['--top-p', '1.5', 'a number above 0 and up to 1'],
    ['--min-p', '-1', 'a number from 0 to below 1'],
    ['--min-p', '1', 'a number from 0 to below 1'],
    ['--repetition-penalty', '0', 'a number from 0.000001 to 1000000'],
    ['--repetition-penalty', '-1.2', 'a number from 0.000001 to 1000000'],
    ['--num-beams', '0', 'a whole number from 1 to 32'],
    ['--num-beams', '33', 'a whole number from 1 to 32'],
    ['--length-penalty', '101', 'a number from -100 to 100'],
    ['--seed', '-1', 'a whole number from 0 to 4294967295'],
    ['--seed', '1.5', 'a whole number from 0 to 4294967295'],
    ['--seed', '4294967296', 'a whole number from 0 to 4294967295'],
  ])('%s "%s"', async (flag, value, expected) => {
    const error = await refusal(generateCommand(), [...tied, ...ids, flag, value])
    expect(error).toBeInstanceOf(CommanderError)
    const { message } = error as CommanderError
    expect(message).toContain(`option '${flag} <`)
    expect(message).toContain(`expected ${expected}, found "${value}"`)
  })

  it.each<[string[], RegExp]>([
    [['--top-k', '5'], /--top-k 5: has no effect at temperature 0.*add --temperature X/],
    [['--temperature', '0', '--top-p', '0.5'], /--top-p 0\.5: has no effect at temperature 0/],
    [['--min-p', '0.1', '--num-beams', '2'], /--min-p 0\.1: has no effect at temperature 0/],
    [['--num-beams', '2', '--temperature', '1'], /--num-beams 2: .*found temperature 1; use --temperature 0/],
    [['--length-penalty', '2'], /--length-penalty 2: has no effect without beam search; add --num-beams N/],
    [
      ['--generation-config'],
      /--generation-config: the model has no .*generation_config\.json; say .* flags/,
    ],
  ])('decoding by %j', async (flags, message) => {
    const [generate, evaluate] = [
      await refusal(generateCommand(), ['--model', untold, ...ids, ...flags]),
      await refusal(evalCommand(), ['--model', untold, ...run, ...flags]),
    ]
    expect(generate).toBeInstanceOf(InputError)
    expect((generate as InputError).message).toMatch(message)
    expect(evaluate).toEqual(generate)
  })

  it.each<[string, () => Command, string[], RegExp]>([
    ['neither prompt', generateCommand, tied, /expected one of --prompt and --prompt-ids/],
    ['both prompts', generateCommand, [...tied, ...ids, '--prompt', 'Hello'], /expected one of --prompt and/],
    ['a prompt without a tokenizer', generateCommand, [...tied, '--prompt', 'Hello'], /tokenizer\.json/],
    [
      'more ranks than an engine holds',
      evalCommand,
      [...tied, ...run, '--tp', '16', '--dp', '5'],
      /--tp 16 --dp 5: makes 80 ranks, expected at most 64/,
    ],
    [
      'a prompt as long as the context',
      generateCommand,
      [...tied, '--prompt-ids', Array(512).fill(1).join()],
      /the prompt has 512 tokens, expected fewer than the context's 512/,
    ],
    [
      'a token id beyond the vocabulary',
      generateCommand,
      [...tied, '--prompt-ids', '1,1000'],
      /token id 1000 is not in the vocabulary, expected 0 to 999/,
    ],
    [
      'the question whether an answer is true after beam search',
      evalCommand,
      ['--model', untold, ...run, '--p-true', '--num-beams', '2'],
      /--p-true: is not served after beam search; use --num-beams 1, or leave it out/,
    ],
    [
      'a shard of nothing',
      evalCommand,
      ['--model', untold, ...run, '--limit', '3', '--shard', '4/5'],
      /--shard 4\/5: has none of 3 problems; use at most 3 shards/,
    ],
    ['a folder that is no run', analyseCommand, [folder], /expected a run's folder/],
    ['an answer and pairs', gradeCommand, ['--pairs', 'x', '--answer', '1'], /--pairs takes the place/],
    [
      'pairs that are not there',
      gradeCommand,
      ['--pairs', join(folder, 'none')],
      /cannot be read \(ENOENT\)/,
    ],
  ])('%s', async (_, command, args, message) => {
    const error = await refusal(command(), args)
    expect(error).toBeInstanceOf(InputError)
    expect((error as InputError).message).toMatch(message)
  })

  it('a pair that is none, with its line', async () => {
    const pairs = join(folder, 'pairs.jsonl')
    for (const line of ['{"answer":1,"expected":"1"}', 'null', '{"answer":"1"', '[]']) {
      writeFileSync(pairs, `{"answer":"1","expected":"1"}\n\n${line}\n`)
      const error = await refusal(gradeCommand(), ['--pairs', pairs])
      expect(error).toBeInstanceOf(InputError)
      expect((error as InputError).message).toMatch(/pairs\.jsonl: line 3: expected/)
    }
  })
})

describe('chooseMaxNewTokens', () => {
  it('takes the flag, else what the model states, else 2048', () => {
    const flags = { maxNewTokens: 7 } as Parameters<typeof chooseMaxNewTokens>[0]
    const none = {} as Parameters<typeof chooseMaxNewTokens>[0]
    expect(chooseMaxNewTokens(flags, { max_new_tokens: 96 })).toBe(7)
    expect(chooseMaxNewTokens(none, { max_new_tokens: 96 })).toBe(96)
    for (const stated of [
      undefined,
      {},
      { max_new_tokens: 0 },
      { max_new_tokens: 'many' },
      { max_new_tokens: null },
    ])
      expect(chooseMaxNewTokens(none, stated)).toBe(2048)
  })
})
