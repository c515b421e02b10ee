import { createHash } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import type { PromptToken } from '../../core/record/prompt-token.ts'
import { analyseCommand } from '../../node-runner/commands/analyse.ts'
import { compareCommand } from '../../node-runner/commands/compare.ts'
import { exportCommand } from '../../node-runner/commands/export.ts'
import { chatCompletion } from '../support/chat-completion.ts'
import { evalLog, parseEvalArchive } from '../support/eval-log.ts'
import { lmEvalResults, lmEvalSample } from '../support/lm-eval-sample.ts'
import { runCommand } from '../support/run-command.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { tracePrompt, traceSample, traceToken } from '../support/trace-sample.ts'
import { unzip } from '../support/unzip.ts'
import { writeRun } from '../support/write-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const verdict = {
  generatedText: 'It is \\boxed{8}.',
  extractedAnswer: '8',
  expectedAnswer: '8',
  correct: true,
}
// Longer than a value of metadata may be, with an emoji over the border.
const longAnswer = `${'9'.repeat(511)}😀`
const wrong = { ...verdict, expectedAnswer: '9', correct: false }
const samples = [
  traceSample(0, 2, { ...verdict, rule: 'number', topTexts: { 3: ' three' } }),
  // The second answer to the problem, cut at the limit.
  traceSample(0, 4, {
    ...wrong,
    problemIndex: 1,
    problemId: 'b',
    finishReason: 'length',
    expectedAnswer: longAnswer,
  }),
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
    problemIds: ['problem-0', 'b', 'problem-2'],
    decoding: {
      ...{
        maxNewTokens: 64,
        stopIds: [2],
        stopTexts: ['\n\n'],
        temperature: 0.5,
        seed: 3,
        samples: 2,
        topLogprobs: 3,
      },
      ...{ topK: 20, topP: 0.8, minP: null, repetitionPenalty: 1.05, numBeams: 1, lengthPenalty: null },
    },
  })
})

/** Two answers to each of three problems were asked for. */
const part =
  /^This is a part of the run: 4 of 6 samples\. Missing: problem-0 \(answer 2\), problem-2 \(answer 2\)\. Short answers finish first/

async function exportAs(format: string, ...flags: string[]) {
  const { stdout, stderr } = await runCommand(exportCommand(), [
    folder,
    '--format',
    format,
    '--json',
    ...flags,
  ])
  const report = JSON.parse(stdout) as { file: string; files: string[]; samples: number; leftOut: number }
  return { ...report, text: readFileSync(report.file, 'utf8'), stderr }
}

const linesOf = (text: string): unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))

describe('export', () => {
  it('writes chat completions with log-probabilities', async () => {
    const { text, file, leftOut, stderr } = await exportAs('openai')
    expect(file).toBe(join(folder, 'openai.jsonl'))
    expect(leftOut).toBe(1)
    expect(stderr).toMatch(/^warning: 1 samples failed and are left out/m)
    expect(stderr).toMatch(new RegExp(`^warning: ${part.source.slice(1)}`, 'm'))
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
      expected_answer: `${'9'.repeat(511)}\ufffd`,
      extracted_answer: '8',
      correct: 'false',
      part: expect.stringMatching(part),
    })
  })

  it("writes lm-evaluation-harness's samples", async () => {
    const { text, file } = await exportAs('lm-eval')
    expect(file).toMatch(/\/lm-eval\/a-model\/samples_a-set_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.jsonl$/)
    const lines = linesOf(text).map(line => lmEvalSample.parse(line))
    expect(lines.map(({ doc_id, filter, exact_match }) => [doc_id, filter, exact_match])).toEqual([
      [0, 'sample-0', 1],
      [1, 'sample-0', 0],
      [1, 'sample-1', 0],
      [2, 'sample-0', 0],
    ])
    for (const [index, line] of lines.entries()) {
      const sample = samples[index]!
      for (const metric of line.metrics) expect(line).toHaveProperty(metric, expect.any(Number))
      expect(line).toHaveProperty('part', expect.stringMatching(part))
      expect(line.doc).toEqual({
        ...sample.metadata,
        id: sample.problemId,
        problem: sample.problem,
        answer: line.target,
      })
      expect(line.arguments.gen_args_0.arg_1).toEqual({
        ...{ until: ['\n\n'], max_gen_toks: 64, do_sample: true, temperature: 0.5 },
        ...{ top_k: 20, top_p: 0.8, repetition_penalty: 1.05 },
      })
      expect(line.resps).toEqual([[sample.generatedText]])
      expect(line.filtered_resps).toEqual([sample.extractedAnswer ?? '[invalid]'])
      expect(line.prompt_hash).toBe(
        createHash('sha256').update(line.arguments.gen_args_0.arg_0).digest('hex'),
      )
    }
  })

  it("writes lm-evaluation-harness's results beside its samples", async () => {
    const { files, text, file } = await exportAs('lm-eval')
    expect(files).toEqual([file, file.replace('/samples_a-set_', '/results_').replace('.jsonl', '.json')])
    const results = lmEvalResults.parse(JSON.parse(readFileSync(files[1]!, 'utf8')))
    const lines = linesOf(text).map(line => lmEvalSample.parse(line))
    expect(results.results['a-set']).toMatchObject({
      sample_len: 3,
      ...{ 'exact_match,sample-0': 1 / 3, 'exact_match,sample-1': 0 },
      // Of three values with one unlike the others, and of one alone.
      ...{ 'exact_match_stderr,sample-0': expect.closeTo(1 / 3, 12), 'exact_match_stderr,sample-1': 'N/A' },
      'mean_entropy_nats,sample-0': (samples[0]!.meanEntropyNats! + samples[1]!.meanEntropyNats!) / 2,
      'mean_entropy_nats_stderr,sample-0': expect.closeTo(
        Math.abs(samples[0]!.meanEntropyNats! - samples[1]!.meanEntropyNats!) / 2,
        12,
      ),
    })
    expect(results['n-samples']).toEqual({ 'a-set': { original: 1000, effective: 3 } })
    expect(results['part']).toMatch(part)
    const digests = lines.map(
      ({ doc_hash, prompt_hash, target_hash }) => doc_hash + prompt_hash + target_hash,
    )
    expect(results.task_hashes['a-set']).toBe(createHash('sha256').update(digests.join('')).digest('hex'))
  })

  it("writes inspect_ai's log as an archive, and in JSON with its header before its samples", async () => {
    const { file } = await exportAs('inspect')
    expect(file).toMatch(/\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-00-00_a-set_[0-9a-f]{22}\.eval$/)
    const { log, start, summaries } = parseEvalArchive(unzip(readFileSync(file)))
    const { text } = await exportAs('inspect', '--out', join(folder, 'log.json'))
    const inJson = evalLog.parse(JSON.parse(text))
    expect(inJson).toEqual(log)
    expect(Object.keys(JSON.parse(text))).toEqual([
      ...['version', 'status', 'eval', 'plan', 'results', 'stats', 'samples', 'reductions'],
    ])
    expect(start).toEqual({ version: log.version, eval: log.eval, plan: log.plan })
    expect(log.eval.model_generate_config).toMatchObject({ temperature: 0.5, top_k: 20, top_p: 0.8 })
    expect(log.eval.model_generate_config).toMatchObject({
      stop_seqs: ['\n\n'],
      extra_body: { repetition_penalty: 1.05 },
    })
    expect(log.status).toBe('cancelled')
    expect(log.eval.metadata).toEqual({ part: expect.stringMatching(part), samples: 4, of: 6 })
    expect(log.results).toMatchObject({ total_samples: 6, completed_samples: 3 })
    // Of three problems one is solved, once; a sample that failed is incorrect.
    expect(log.results.scores[0]!.metrics['accuracy']!.value).toBe(1 / 3)
    expect(log.results.scores[0]!.metrics['stderr']!.value).toBeCloseTo(1 / 3, 12)
    expect(log.reductions[0]!.samples).toEqual([
      { value: 1, sample_id: 'problem-0' },
      { value: 0, sample_id: 'b' },
      { value: 0, sample_id: 'problem-2' },
    ])
    expect(log.samples.map(({ id, epoch, scores }) => [id, epoch, scores['entrace']?.value])).toEqual([
      ['problem-0', 1, 'C'],
      ['b', 1, 'I'],
      ['b', 2, 'I'],
      ['problem-2', 1, 'I'],
    ])
    expect(log.samples[1]!.output.choices[0]!.stop_reason).toBe('max_tokens')
    expect(log.samples[0]!.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant'])
    expect(log.samples[3]).toMatchObject({ error: { message: 'too long' }, output: { choices: [] } })
    for (const { events, messages, error } of log.samples)
      expect(events[0].input).toEqual(error === null ? messages.slice(0, -1) : messages)
    expect(Object.values(log.stats.model_usage)).toEqual([
      { input_tokens: 36, output_tokens: 9, total_tokens: 45 },
    ])
    expect(Date.parse(log.stats.started_at)).toBeLessThanOrEqual(Date.parse(log.stats.completed_at))
    expect(summaries.map(({ id, epoch, message_count }) => [id, epoch, message_count])).toEqual(
      log.samples.map(({ id, epoch, messages }) => [id, epoch, messages.length]),
    )
    expect(summaries[3]!.error).toBe('too long')
    expect(readdirSync(folder).filter(name => name.endsWith('.partial'))).toEqual([])
  })

  it('writes no half of a pair of UTF-16 and no whole number of more than 64 bits, which readers in Python refuse', async () => {
    const odd = join(folder, 'odd')
    const half = 'a \ud83d b'
    const sample = traceSample(0, 2, {
      ...{ problemId: half, problem: half, prompt: half, generatedText: `${half} \\ud83d 😀` },
      ...{ expectedAnswer: half, metadata: { [half]: half, wide: 1e20 } },
    })
    writeRun(odd, [sample])
    for (const format of ['openai', 'lm-eval', 'inspect']) {
      const { stdout } = await runCommand(exportCommand(), [odd, '--format', format, '--json'])
      for (const file of JSON.parse(stdout).files as string[]) {
        const bytes = readFileSync(file)
        const texts = file.endsWith('.eval') ? Object.values(unzip(bytes)) : [bytes.toString('utf8')]
        for (const text of texts) {
          for (const line of format === 'lm-eval' ? text.trimEnd().split('\n') : [text])
            JSON.stringify(JSON.parse(line), (_, value) => {
              if (typeof value === 'string') expect(value.isWellFormed()).toBe(true)
              if (typeof value === 'number') expect(Math.abs(value)).toBeLessThan(2 ** 63)
              return value
            })
          if (text.includes('😀')) expect(text).toContain('a \ufffd b \\\\ud83d 😀')
        }
      }
    }
  })

  it('ends lines by LF alone, and keeps apart ids that differ in half a pair of UTF-16', async () => {
    const lines = join(folder, 'lines')
    const ends = 'a\u0085b\u2028c\u2029d\r\n\ve\u001ef'
    const ids = ['a \ud83d', 'a \ufffd-0', 'a \ufffd', ends]
    writeRun(
      lines,
      ids.map((problemId, index) => traceSample(index, 2, { problemId, problem: ends, generatedText: ends })),
    )
    const exported = async (format: string, ...flags: string[]) => {
      const { stdout } = await runCommand(exportCommand(), [lines, '--format', format, '--json', ...flags])
      return readFileSync(JSON.parse(stdout).file, 'utf8')
    }
    for (const format of ['openai', 'lm-eval']) {
      const text = await exported(format)
      // All that Python's `splitlines` takes for an end of a line is among these.
      expect(text.match(/[\p{Cc}\u2028\u2029]/gu)).toEqual(Array(ids.length).fill('\n'))
      expect(JSON.stringify(linesOf(text)[0])).toContain(JSON.stringify(ends))
    }
    const log = evalLog.parse(JSON.parse(await exported('inspect', '--out', join(lines, 'log.json'))))
    expect(log.samples.map(({ id }) => id)).toEqual(['a \ufffd-0', 'a \ufffd-0-1', 'a \ufffd-2', ends])
  })

  it("has the prompt's tokens where a format has a place for them", async () => {
    const prompted = join(folder, 'prompted')
    const sample = traceSample(0, 2, { promptScores: tracePrompt(7, 2) })
    writeRun(prompted, [sample])
    const exported = async (...flags: string[]) => {
      const { stdout } = await runCommand(exportCommand(), [prompted, '--json', ...flags])
      return JSON.parse(readFileSync(JSON.parse(stdout).file, 'utf8'))
    }
    const [, { id, text, logprob, rank }] = sample.promptScores as [PromptToken, PromptToken]
    expect(chatCompletion.parse(await exported('--format', 'openai')).prompt_logprobs).toEqual([
      null,
      { [id]: { logprob, rank: rank! + 1, decoded_token: text } },
    ])
    const log = evalLog.parse(await exported('--format', 'inspect', '--out', join(prompted, 'log.json')))
    expect(log.samples[0]!.output.choices[0]!.prompt_logprobs).toEqual({
      content: [{ token: text, logprob, bytes: Array.from(Buffer.from(text!)) }],
    })
    lmEvalSample.parse(await exported('--format', 'lm-eval'))
  })

  it('says nothing of missing samples in a whole run', async () => {
    const whole = join(folder, 'whole')
    writeRun(whole, [samples[0]!])
    for (const format of ['openai', 'lm-eval', 'inspect']) {
      const { stdout, stderr } = await runCommand(exportCommand(), [whole, '--format', format, '--json'])
      expect(stderr).toBe('')
      const text = readFileSync(JSON.parse(stdout).file, 'utf8')
      expect(text).not.toContain('"part"')
    }
    const [file] = readdirSync(whole).filter(name => name.endsWith('.eval'))
    const { log } = parseEvalArchive(unzip(readFileSync(join(whole, file!))))
    expect(log).toMatchObject({ status: 'success', results: { total_samples: 1 } })
    expect(log.eval).not.toHaveProperty('metadata')
  })

  it('writes what --out names', async () => {
    const place = join(folder, 'exports')
    const lines = await exportAs('lm-eval', '--out', join(folder, 'lines.jsonl'))
    expect(lines.files).toEqual([join(folder, 'lines.jsonl')])
    const { files } = await exportAs('lm-eval', '--out', place)
    expect(files.map(file => dirname(file))).toEqual([join(place, 'a-model'), join(place, 'a-model')])
    expect(readFileSync(files[0]!, 'utf8')).toBe(lines.text)
    for (const format of ['openai', 'inspect']) {
      const taken = exportAs(format, '--out', place)
      await expect(taken).rejects.toThrow(InputError)
      await expect(taken).rejects.toThrow(/exports: is a folder, expected the file to write; name one in it/)
      await expect(exportAs(format, '--out', join(place, 'none', 'x'))).rejects.toThrow(/there is no folder/)
    }
  })

  it('takes the place of no file of a run, no link and no device', async () => {
    const run = join(folder, 'kept')
    writeRun(run, [samples[0]!])
    const outside = join(folder, 'outside.jsonl')
    writeFileSync(outside, 'kept')
    const link = join(folder, 'link.jsonl')
    symlinkSync(outside, link)
    const journal = readFileSync(join(run, 'samples.jsonl'), 'utf8')
    for (const format of ['openai', 'lm-eval', 'inspect']) {
      const exportTo = (out: string) => runCommand(exportCommand(), [run, '--format', format, '--out', out])
      for (const name of ['samples.jsonl', 'samples-2.jsonl', 'run.json', 'lease-1']) {
        // What is no file yet and has no ending of samples is a folder to make for lm-eval.
        if (format === 'lm-eval' && name === 'lease-1') continue
        await expect(exportTo(join(run, name)), name).rejects.toThrow(/is a file of the run itself/)
      }
      await expect(exportTo(link)).rejects.toThrow(/expected a file to write, found a link/)
    }
    expect(readFileSync(join(run, 'samples.jsonl'), 'utf8')).toBe(journal)
    expect(readFileSync(outside, 'utf8')).toBe('kept')
    const nameless = runCommand(exportCommand(), [run, '--format', 'openai', '--out', ''])
    await expect(nameless).rejects.toThrow(/--out: is empty/)
    const compared = runCommand(compareCommand(), [run, run, '--out', join(run, 'README.md')])
    await expect(compared).rejects.toThrow(/is a file of the run itself/)
  })

  it('has the calibrated probability of each answer, as the summary has it', async () => {
    const run = join(folder, 'calibrated')
    const answers = Array.from({ length: 40 }, (_, index) =>
      traceSample(index, 3, { generatedText: `\\boxed{${index % 2}}`, expectedAnswer: '1' }),
    )
    writeRun(run, [...answers, { ...samples[3]!, problemIndex: 40, problemId: 'failed' }])
    await runCommand(analyseCommand(), [run, '--quiet'])
    const columns = await parquetReadObjects({
      file: await asyncBufferFromFile(join(run, 'summary.parquet')),
      columns: ['probability_correct'],
    })
    const expected = columns.map(row => row['probability_correct'] as number | null)
    expect([expected.filter(Number.isFinite).length, expected.at(-1)]).toEqual([40, null])
    const exported = async (format: string, ...flags: string[]) => {
      const { stdout } = await runCommand(exportCommand(), [run, '--format', format, '--json', ...flags])
      return readFileSync(JSON.parse(stdout).files[0], 'utf8')
    }
    const lines = linesOf(await exported('lm-eval')) as { probability_correct?: number }[]
    expect(lines.map(line => line.probability_correct ?? null)).toEqual(expected)
    const log = JSON.parse(await exported('inspect', '--out', join(run, 'log.json')))
    const scores = log.samples.map(({ scores: of }: { scores: Record<string, { metadata: object }> }) =>
      Object.values(of).map(({ metadata }) =>
        'probability_correct' in metadata ? metadata.probability_correct : null,
      ),
    )
    expect(scores.flat()).toEqual(expected)
  })

  it('leaves the folder of a model for no name and no link', async () => {
    const run = join(folder, 'up')
    writeRun(run, [samples[0]!], {
      model: { name: '../../..', revision: null, weightDigest: '', dtypes: [] },
    })
    const written = await runCommand(exportCommand(), [run, '--format', 'lm-eval', '--json'])
    for (const file of JSON.parse(written.stdout).files as string[])
      expect(file.startsWith(join(run, 'lm-eval', '..__..__..'))).toBe(true)
    rmSync(join(run, 'lm-eval'), { recursive: true })
    const outside = join(folder, 'outside')
    mkdirSync(outside)
    symlinkSync(outside, join(run, 'lm-eval'))
    const linked = runCommand(exportCommand(), [run, '--format', 'lm-eval'])
    await expect(linked).rejects.toThrow(/lm-eval: expected a folder, found a link/)
    expect(readdirSync(outside)).toEqual([])
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
