import { InputError } from '../../core/input-error.ts'
import { locateModel } from '../files/open-model.ts'
import type { Progress } from '../terminal/progress.ts'
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts'
import type { EvalFlags } from './plan-run.ts'
import { planTasks } from './plan-tasks.ts'

/** Prints the first problem's prompt as the model gets it, and starts nothing. Returns the exit code. */
export async function showPrompt(flags: EvalFlags, progress: Progress): Promise<number> {
  const { path } = await locateModel(flags.model, 'prompts', progress)
  const tokenizer = await loadTokenizer(path)
  const { tasks, prompt } = await planTasks({ ...flags, samples: 1 }, tokenizer, progress)
  const [task] = tasks
  if (!task) throw new InputError(`${flags.dataset}: has no problem to show`)
  const promptTokens = task.promptIds.length
  if (flags.json) {
    const { style = null, systemInUserMessage = false } = prompt
    const { problem, prompt: text } = task
    console.log(
      JSON.stringify(
        { problemId: problem.id, style, systemInUserMessage, promptTokens, prompt: text },
        null,
        2,
      ),
    )
    return 0
  }
  console.log(task.prompt)
  progress.say(`${promptTokens} tokens, problem ${task.problem.id}, style ${prompt.style}`)
  return 0
}
