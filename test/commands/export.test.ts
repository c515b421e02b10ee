import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { InputError } from '../../core/input-error.ts'
import { exportCommand } from '../../node-runner/commands/export.ts'
import { runCommand } from '../support/run-command.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { traceSample, traceToken } from '../support/trace-sample.ts'
import { writeRun } from '../support/write-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const verdict = {
  generatedText: 'It is \\boxed{8}.',
  extractedAnswer: '8',
  expectedAnswer: '8',
  correct: true,
}
const wrong = { ...verdict, expectedAnswer: '9', correct: false }
const samples = [
  traceSample(0, 2, { ...verdict, rule: 'number', topTexts: { 3: ' three' } }),
  // The second answer to the problem, cut at the limit.
  traceSample(0, 4, { ...wrong, problemIndex: 1, problemId: 'b', finishReason: 'length' }),
  traceSample(1, 0, {
    ...wrong,
    problemIndex: 1,
    problemId: 'b',
    sampleIndex: 1,
    tokens: [
      traceToken(7, 'é'),
      traceToken(8, '\ufffd'),
      { ...traceToken(9, null), topIds: [9, 8], topLogprobs: [-1, -2] },
    ],
  }),
  traceSample(2, 0, {
    ...wrong,
    extractedAnswer: null,
    generatedText: '',
    finishReason: 'error',
    error: 'too long',
  }),
]

beforeAll(() => {
  writeRun(folder, samples, {
    limit: 3,
    decoding: { maxNewTokens: 64, stopIds: [2], temperature: 0.5, seed: 3, samples: 2, topLogprobs: 3 },
  })
})

async function exportAs(format: string, ...flags: string[]) {
  const { stdout, stderr } = await runCommand(exportCommand(), [
    folder,
    '--format',
    format,
    '--json',
    ...flags,
  ])
  const report = JSON.parse(stdout) as { file: string; samples: number; leftOut: number }
  return { ...report, text: readFileSync(report.file, 'utf8'), stderr }
}

const linesOf = (text: string): unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))

const byte = z.int().min(0).max(255)
const topLogprob = z.strictObject({ token: z.string(), logprob: z.number(), bytes: z.array(byte).nullable() })
const tokenLogprob = topLogprob.extend({ top_logprobs: z.array(topLogprob) })

// types/chat/chat_completion.py, chat_completion_message.py and completion_usage.py of openai-python 2.x.
const chatCompletion = z.strictObject({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.strictObject({
      index: z.int(),
      message: z.strictObject({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
      logprobs: z.strictObject({ content: z.array(tokenLogprob), refusal: z.null() }),
      finish_reason: z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']),
    }),
  ),
  usage: z.strictObject({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() }),
  // At most 16 pairs of texts.
  metadata: z.record(z.string().max(64), z.string().max(512)),
})

// save_results_samples of loggers/evaluation_tracker.py and `example` of evaluator.py, lm-evaluation-harness 0.4.9.
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const lmEvalSample = z.looseObject({
  doc_id: z.int(),
  doc: z.record(z.string(), z.unknown()),
  target: z.string(),
  arguments: z.strictObject({
    gen_args_0: z.strictObject({
      arg_0: z.string(),
      arg_1: z.strictObject({
        until: z.array(z.string()),
        max_gen_toks: z.int(),
        do_sample: z.boolean(),
        temperature: z.number(),
      }),
    }),
  }),
  resps: z.array(z.array(z.string())),
  filtered_resps: z.array(z.string()),
  filter: z.string(),
  metrics: z.array(z.string()),
  doc_hash: hash,
  prompt_hash: hash,
  target_hash: hash,
  exact_match: z.number(),
})

// EvalLog and what it holds: log/_log.py, model/_model_output.py and scorer/_metric.py of inspect_ai 0.3.2xx.
const usage = z.strictObject({ input_tokens: z.int(), output_tokens: z.int(), total_tokens: z.int() })
const message = z.strictObject({
  id: z.string(),
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string(),
  source: z.enum(['input', 'generate']).optional(),
  model: z.string().optional(),
})
const generateConfig = z.strictObject({
  max_tokens: z.int(),
  temperature: z.number(),
  seed: z.int(),
  logprobs: z.boolean(),
  top_logprobs: z.int(),
  system_message: z.string().optional(),
})
const unknowns = z.record(z.string(), z.unknown())
const evalLog = z.strictObject({
  version: z.literal(2),
  status: z.enum(['started', 'success', 'cancelled', 'error']),
  eval: z.strictObject({
    eval_id: z.string(),
    run_id: z.string(),
    created: z.iso.datetime(),
    task: z.string(),
    task_id: z.string(),
    task_version: z.int(),
    task_attribs: unknowns,
    task_args: unknowns,
    task_args_passed: unknowns,
    dataset: z.strictObject({ name: z.string(), samples: z.int(), shuffled: z.boolean() }),
    model: z.string(),
    model_generate_config: generateConfig,
    model_args: unknowns,
    config: z.strictObject({ limit: z.int(), epochs: z.int() }),
    packages: z.record(z.string(), z.string()),
    scorers: z.array(z.strictObject({ name: z.string() })),
  }),
  plan: z.strictObject({
    name: z.string(),
    steps: z.array(z.strictObject({ solver: z.string(), params: unknowns, params_passed: unknowns })),
    config: generateConfig,
  }),
  results: z.strictObject({
    total_samples: z.int(),
    completed_samples: z.int(),
    scores: z.array(
      z.strictObject({
        name: z.string(),
        scorer: z.string(),
        params: unknowns,
        scored_samples: z.int(),
        unscored_samples: z.int(),
        metrics: z.record(
          z.string(),
          z.strictObject({ name: z.string(), value: z.number(), params: unknowns }),
        ),
      }),
    ),
  }),
  stats: z.strictObject({
    started_at: z.literal(''),
    completed_at: z.iso.datetime(),
    model_usage: z.record(z.string(), usage),
  }),
  samples: z.array(
    z.strictObject({
      id: z.union([z.string(), z.int()]),
      epoch: z.int(),
      input: z.string(),
      target: z.string(),
      messages: z.array(message),
      output: z.strictObject({
        model: z.string(),
        choices: z.array(
          z.strictObject({
            message,
            stop_reason: z.enum([
              'stop',
              'max_tokens',
              'model_length',
              'tool_calls',
              'content_filter',
              'unknown',
            ]),
            logprobs: z.strictObject({ content: z.array(tokenLogprob) }),
          }),
        ),
        completion: z.string(),
        usage,
        time: z.number(),
        error: z.string().nullable(),
      }),
      scores: z.record(
        z.string(),
        z.strictObject({
          value: z.enum(['C', 'I']),
          answer: z.string().nullable(),
          metadata: unknowns,
        }),
      ),
      metadata: unknowns,
      store: unknowns,
      events: z.tuple([]),
      model_usage: z.record(z.string(), usage),
      total_time: z.number(),
      working_time: z.number(),
      uuid: z.string(),
      error: z
        .strictObject({ message: z.string(), traceback: z.string(), traceback_ansi: z.string() })
        .nullable(),
      attachments: unknowns,
    }),
  ),
})

describe('export', () => {
  it('writes chat completions with log-probabilities', async () => {
    const { text, file, leftOut, stderr } = await exportAs('openai')
    expect(file).toBe(join(folder, 'openai.jsonl'))
    expect(leftOut).toBe(1)
    expect(stderr).toMatch(/^warning: 1 samples failed and are left out/)
    const completions = linesOf(text).map(line => chatCompletion.parse(line))
    expect(completions.map(({ choices: [choice] }) => choice!.finish_reason)).toEqual([
      'stop',
      'length',
      'stop',
    ])
    const [token] = samples[0]!.tokens
    expect(completions[0]!.choices[0]!.logprobs.content[0]).toEqual({
      token: ' t1',
      logprob: token!.logprob,
      bytes: [0x20, 0x74, 0x31],
      top_logprobs: [
        { token: ' t1', logprob: token!.topLogprobs[0], bytes: [0x20, 0x74, 0x31] },
        { token: ' t2', logprob: token!.topLogprobs[1], bytes: [0x20, 0x74, 0x32] },
        { token: ' three', logprob: token!.topLogprobs[2], bytes: Array.from(Buffer.from(' three')) },
      ],
    })
    const parts = completions[2]!.choices[0]!.logprobs.content
    expect(parts.map(({ token, bytes }) => ({ token, bytes }))).toEqual([
      { token: 'é', bytes: [0xc3, 0xa9] },
      { token: '\ufffd', bytes: null },
      { token: 'token_id:9', bytes: null },
    ])
    expect(completions[1]!.metadata).toEqual({
      problem_id: 'b',
      sample_index: '0',
      expected_answer: '9',
      extracted_answer: '8',
      correct: 'false',
    })
  })

  it("writes lm-evaluation-harness's samples", async () => {
    const { text, file } = await exportAs('lm-eval')
    expect(file).toMatch(/samples_a-set_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.jsonl$/)
    const lines = linesOf(text).map(line => lmEvalSample.parse(line))
    expect(lines.map(({ doc_id, filter, exact_match }) => [doc_id, filter, exact_match])).toEqual([
      [0, 'sample-0', 1],
      [1, 'sample-0', 0],
      [1, 'sample-1', 0],
      [2, 'sample-0', 0],
    ])
    for (const [index, line] of lines.entries()) {
      const sample = samples[index]!
      for (const metric of line.metrics) expect(line).toHaveProperty(metric)
      expect(line.doc).toEqual({
        ...sample.metadata,
        id: sample.problemId,
        problem: sample.problem,
        answer: line.target,
      })
      expect(line.resps).toEqual([[sample.generatedText]])
      expect(line.filtered_resps).toEqual([sample.extractedAnswer ?? '[invalid]'])
      expect(line.prompt_hash).toBe(
        createHash('sha256').update(line.arguments.gen_args_0.arg_0).digest('hex'),
      )
    }
  })

  it("writes inspect_ai's log, its header before its samples", async () => {
    const { text, file } = await exportAs('inspect')
    expect(file).toBe(join(folder, 'inspect.json'))
    const log = evalLog.parse(JSON.parse(text))
    expect(Object.keys(log)).toEqual(['version', 'status', 'eval', 'plan', 'results', 'stats', 'samples'])
    expect(log.results).toMatchObject({ total_samples: 4, completed_samples: 3 })
    expect(log.results.scores[0]!.metrics['accuracy']!.value).toBe(1 / 3)
    expect(log.samples.map(({ id, epoch, scores }) => [id, epoch, scores['entrace']?.value])).toEqual([
      ['problem-0', 1, 'C'],
      ['b', 1, 'I'],
      ['b', 2, 'I'],
      ['problem-2', 1, undefined],
    ])
    expect(log.samples[1]!.output.choices[0]!.stop_reason).toBe('max_tokens')
    expect(log.samples[0]!.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant'])
    expect(log.samples[3]).toMatchObject({ error: { message: 'too long' }, output: { choices: [] } })
    expect(Object.values(log.stats.model_usage)).toEqual([
      { input_tokens: 36, output_tokens: 9, total_tokens: 45 },
    ])
    expect(readdirSync(folder).filter(name => name.endsWith('.partial'))).toEqual([])
  })

  it('refuses other formats and folders without a run', async () => {
    const place = runCommand(exportCommand(), [join(folder, 'none'), '--format', 'openai'])
    await expect(place).rejects.toThrow(InputError)
    await expect(place).rejects.toThrow(/expected a run's folder/)
    const { exitCode, stderr } = await runEntrace(['export', folder, '--format', 'csv'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('Allowed choices are openai, lm-eval, inspect')
  })
})
