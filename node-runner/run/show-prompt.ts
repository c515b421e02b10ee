import { join } from 'node:path'
import { readJson, settingsJson } from '../../core/formats/read-json.ts'
import { describeStops } from '../../core/generate/stops.ts'
import { InputError } from '../../core/input-error.ts'
import { parseGenerationConfig } from '../../core/model/generation-config.ts'
import { chooseStops } from '../commands/stop-flags.ts'
import { openFileByteSource } from '../files/file-byte-source.ts'
import { locateModel } from '../files/open-model.ts'
import type { Progress } from '../terminal/progress.ts'
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts'
import type { EvalFlags } from './plan-run.ts'
import { describeDataSet, planTasks } from './plan-tasks.ts'

/**
 * Prints the first problem's prompt as the model gets it, says what is expected and which columns that is from, and starts nothing.
 * Returns the exit code.
 */
export async function showPrompt(flags: EvalFlags, progress: Progress): Promise<number> {
  const { path } = await locateModel(flags.model, 'prompts', progress)
  const tokenizer = await loadTokenizer(path)
  const { tasks, prompt, dataSet } = await planTasks({ ...flags, samples: 1 }, tokenizer, progress)
  const [task] = tasks
  if (!task) throw new InputError(`${flags.dataset}: has no problem to show`)
  const promptTokens = task.promptIds.length
  const stated = {
    config: await statedIn(path, 'config.json'),
    generationConfig: await statedIn(path, 'generation_config.json'),
  }
  const stops = chooseStops(flags, { stated, tokenizer, usesTemplate: true, vocabSize: null })
  if (flags.json) {
    const { style = null, systemInUserMessage = false } = prompt
    const { problem, prompt: text } = task
    const { id: problemId, expectedAnswer } = problem
    const { columns } = dataSet
    console.log(
      JSON.stringify(
        { problemId, style, systemInUserMessage, promptTokens, prompt: text, expectedAnswer, columns, stops },
        null,
        2,
      ),
    )
    return 0
  }
  console.log(task.prompt)
  for (const line of describeDataSet(dataSet, task.problem)) progress.say(line)
  progress.say(`${promptTokens} tokens, problem ${task.problem.id}, style ${prompt.style}`)
  progress.say(describeStops(stops))
  return 0
}

/** The eos_token_id of one of a model's configs; null where there is no such file, or it does not say. */
async function statedIn(folder: string, name: string): Promise<number[] | null> {
  const source = await openFileByteSource(join(folder, name)).catch(() => null)
  if (!source) return null
  try {
    return parseGenerationConfig(await readJson(source, settingsJson), source.name).eosTokenIds
  } finally {
    await source.close()
  }
}
