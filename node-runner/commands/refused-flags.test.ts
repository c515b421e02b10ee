import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, CommanderError } from 'commander'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { analyseCommand } from './analyse.ts'
import { evalCommand } from './eval.ts'
import { chooseMaxNewTokens } from './flags.ts'
import { generateCommand } from './generate.ts'
import { gradeCommand } from './grade.ts'

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
      /from 1 to \d+, found "0"/,
    ],
    ['a number below 0', generateCommand, [...tied, ...ids, '--seed', '-1'], /whole number, found "-1"/],
    ['part of a number', generateCommand, [...tied, ...ids, '--seed', '1.5'], /whole number, found "1\.5"/],
    [
      'a number that is none',
      generateCommand,
      [...tied, ...ids, '--temperature', 'x'],
      /0 to 100, found "x"/,
    ],
    ['an empty number', generateCommand, [...tied, ...ids, '--temperature', ''], /0 to 100, found ""/],
    ['infinity', generateCommand, [...tied, ...ids, '--temperature', 'Infinity'], /found "Infinity"/],
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
