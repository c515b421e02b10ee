import { Command, InvalidArgumentError } from 'commander'
import { describePlacement, promptOf, promptSettingsFor } from '../../core/evaluate/prompt.ts'
import { answerText, describeStops, type Stops, stopTextAt } from '../../core/generate/answer-end.ts'
import { type Decoding, describeDecoding } from '../../core/generate/decoding.ts'
import { type Generation, rejectionReason } from '../../core/generate/generate.ts'
import { InputError } from '../../core/input-error.ts'
import { formatVersion } from '../../core/record/run-files.ts'
import type { TokenRecord } from '../../core/record/token.ts'
import { createTextDecoder, type Tokenizer } from '../../core/tokenizer/tokenizer.ts'
import { createEngineProgress, type EngineListener, superviseEngine } from '../engine/supervise-engine.ts'
import { openModel } from '../models/open-model.ts'
import { brokenPipeSignal, interruptSignal } from '../terminal/end-signals.ts'
import { colourByEntropy, printableOn } from '../terminal/printable.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'
import { addRunFlags, checkMesh, chooseAnswering, engineJob, type RunFlags } from './run-flags.ts'

interface GenerateFlags extends RunFlags {
  prompt?: string
  promptIds?: number[]
}

/** `entrace generate`: one answer, coloured by entropy on a terminal. */
export function generateCommand(): Command {
  const command = new Command('generate')
    .description('answer one prompt; on a terminal the answer is coloured by entropy')
    .option('--prompt <text>', "the user's message, put into the model's chat template unless --raw is given")
    .option('--prompt-ids <ids>', 'token ids, as 1,2,3: no chat template, no tokenizer needed', parseIds)
  return addRunFlags(command).action(async (flags: GenerateFlags) => {
    process.exitCode = await runGenerate(flags)
  })
}

async function runGenerate(flags: GenerateFlags): Promise<number> {
  if ((flags.prompt === undefined) === (flags.promptIds === undefined))
    throw new InputError('generate: expected one of --prompt and --prompt-ids')
  const progress = createProgress(flags.quiet)
  const folder = await openModel(flags.model, flags.loadFormat, progress)
  const { config } = folder
  await folder.close()
  checkMesh(flags, config)
  const { hasTokenizer } = await import('../models/load-tokenizer.ts')
  const { loadTokenizerFor, templateArgumentsOf } = await import('./prompt-flags.ts')
  templateArgumentsOf(flags)
  // With --prompt-ids only where the folder has one, for the text.
  const hasNone = flags.prompt === undefined && !hasTokenizer(folder.path)
  const tokenizer = hasNone ? null : await loadTokenizerFor(flags, folder.path, progress)
  const promptIds = flags.promptIds ?? encodePrompt(flags, tokenizer!, progress)
  const task = { promptIds, key: 0 }
  const problem = rejectionReason(task, config)
  if (problem) throw new InputError(`generate: ${problem}`)
  const answering = chooseAnswering(flags, folder, tokenizer, progress)
  const { decoding, stops, stopIds, maxNewTokens } = answering
  const printer = flags.json || flags.quiet ? null : tokenPrinter(tokenizer, stops)
  const capacity = Math.min(promptIds.length + maxNewTokens, config.maxPositionEmbeddings)
  const job = engineJob(flags, folder, answering, { sequences: 1, capacity, dp: 1 })
  let answer: Generation | null = null
  const interrupt = interruptSignal()
  const display = createEngineProgress(progress, null, 1)
  const listener: EngineListener = {
    ...display,
    onToken: ({ token }) => printer?.show(token),
    onAnswer({ generation }) {
      if (tokenizer) for (const token of generation.tokens) token.text = tokenizer.tokenText(token.id)
      answer = generation
    },
    onRestart(reason) {
      printer?.end()
      display.onRestart(reason)
    },
  }
  const signal = AbortSignal.any([interrupt.signal, brokenPipeSignal(process.stdout)])
  try {
    await superviseEngine({ ...job, streamTokens: printer !== null }, [task], listener, { signal })
  } finally {
    display.end()
    interrupt.release()
  }
  // Whoever closed standard output has read all that was wanted.
  if (!answer) return interrupt.signal.aborted ? 130 : 0
  printer?.end()
  const ids = (answer as Generation).tokens.map(({ id }) => id)
  const text = tokenizer && answerText(tokenizer.decode, ids, new Set(stopIds), stops.texts)
  report(flags, answer, promptIds.length, text, { ...decoding, maxNewTokens, seed: flags.seed })
  progress.say(describeStops(stops))
  return 0
}

function encodePrompt(flags: GenerateFlags, tokenizer: Tokenizer, progress: Progress): number[] {
  const { raw, systemPrompt } = flags
  const settings = raw ? { raw } : promptSettingsFor({ systemPrompt }, tokenizer)
  const placement = describePlacement(settings)
  if (placement !== null) progress.say(placement)
  return promptOf(flags.prompt ?? '', settings, tokenizer).promptIds
}

function report(
  flags: GenerateFlags,
  generation: Generation,
  promptTokens: number,
  text: string | null,
  decoding: Decoding & { maxNewTokens: number; seed: number },
): void {
  const { finishReason, tokens, error, durationMs } = generation
  if (error !== null) throw new Error(`generate: ${error}`)
  if (flags.json) {
    console.log(JSON.stringify({ formatVersion, promptTokens, finishReason, text, tokens, decoding }))
    return
  }
  if (flags.quiet) {
    const answer = text ?? tokens.map(token => token.id).join(',')
    process.stdout.write(`${printableOn(process.stdout, answer)}\n`)
    return
  }
  const entropies = tokens.map(token => token.entropyNats)
  const mean = entropies.reduce((sum, value) => sum + value, 0) / entropies.length
  const seconds = durationMs / 1000
  process.stderr.write(
    `${tokens.length} tokens after ${promptTokens} of prompt, ${finishReason}; entropy mean ${mean.toFixed(4)}, ` +
      `max ${Math.max(...entropies).toFixed(4)} nats; ${(tokens.length / seconds).toFixed(1)} tokens/s\n` +
      `decoding: ${describeDecoding(decoding)}\n`,
  )
}

/**
 * Shows tokens as they come: text where there is a tokenizer, ids elsewhere. What ends the answer is not shown: text in which
 * a stop text may begin waits until it is known.
 */
function tokenPrinter(tokenizer: Tokenizer | null, { tokens, texts }: Stops) {
  const decoder = tokenizer && createTextDecoder(tokenizer)
  const colour = process.stdout.isTTY && !process.env.NO_COLOR
  const stopIds = new Set(tokens.map(({ id }) => id))
  let waiting: { text: string; entropyNats: number }[] = []
  let shown = false
  /** Writes so many characters of what waits. */
  const write = (count: number) => {
    while (count > 0 && waiting[0]) {
      const { text, entropyNats } = waiting[0]
      const part = text.slice(0, count)
      process.stdout.write(colour ? colourByEntropy(part, entropyNats) : printableOn(process.stdout, part))
      if (part.length === text.length) waiting.shift()
      else waiting[0] = { text: text.slice(part.length), entropyNats }
      count -= part.length
    }
  }
  const take = (text: string, entropyNats: number) => {
    waiting.push({ text, entropyNats })
    const whole = waiting.map(part => part.text).join('')
    const at = stopTextAt(whole, texts)
    write(at < whole.length ? at : whole.length - stopBeginning(whole, texts))
  }
  return {
    show({ id, entropyNats }: TokenRecord) {
      shown = true
      if (!decoder) process.stdout.write(colour ? colourByEntropy(`${id} `, entropyNats) : `${id} `)
      else if (!stopIds.has(id)) take(decoder.push(id), entropyNats)
    },
    end() {
      if (!shown) return
      if (decoder) take(decoder.flush(), 0)
      const rest = waiting.map(part => part.text).join('')
      write(stopTextAt(rest, texts))
      process.stdout.write('\n')
      waiting = []
    },
  }
}

/** Length of the end of a text that a stop text may begin with. */
function stopBeginning(text: string, stopTexts: readonly string[]): number {
  const longest = stopTexts.reduce((most, stop) => Math.max(most, stop.length - 1), 0)
  let length = Math.min(longest, text.length)
  while (length > 0 && !stopTexts.some(stop => stop.startsWith(text.slice(-length)))) length--
  return length
}

function parseIds(text: string): number[] {
  const ids = text.split(',').map(part => part.trim())
  const bad = ids.find(part => !/^\d+$/.test(part))
  if (bad !== undefined) throw new InvalidArgumentError(`expected token ids as 1,2,3, found "${bad}".`)
  return ids.map(Number)
}
