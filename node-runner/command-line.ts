import { Command, CommanderError } from 'commander'
import { InputError } from '../core/input-error.ts'
import { NoAdapterError } from './adapter/adapter-choice.ts'
import { acceptanceCommand } from './commands/acceptance.ts'
import { analyseCommand } from './commands/analyse.ts'
import { benchCommand } from './commands/bench.ts'
import { compareCommand } from './commands/compare.ts'
import { doctorCommand } from './commands/doctor.ts'
import { evalCommand } from './commands/eval.ts'
import { exportCommand } from './commands/export.ts'
import { generateCommand } from './commands/generate.ts'
import { gradeCommand } from './commands/grade.ts'
import { mergeCommand } from './commands/merge.ts'
import { planCommand } from './commands/plan.ts'
import { viewCommand } from './commands/view.ts'
import { brokenPipeSignal, dieOnInterrupt } from './terminal/end-signals.ts'
import { guardConsole, printable } from './terminal/printable.ts'
import { versions } from './versions.ts'

/** Runs the command that this process was started with, and sets its exit code. */
export async function runCommandLine(): Promise<void> {
  const program = new Command('entrace')
    .description(
      'Run language models (Hugging Face folders and GGUF files) on WebGPU and record the entropy of every token.',
    )
    .version(versions().entrace)
    .addCommand(evalCommand())
    .addCommand(generateCommand())
    .addCommand(gradeCommand())
    .addCommand(analyseCommand())
    .addCommand(compareCommand())
    .addCommand(mergeCommand())
    .addCommand(exportCommand())
    .addCommand(viewCommand())
    .addCommand(planCommand())
    .addCommand(doctorCommand())
    .addCommand(benchCommand())
    .addCommand(acceptanceCommand())
  // The others may compute for minutes in one go, in which nothing answers a signal, and have nothing to release.
  const answering = ['eval', 'generate', 'acceptance', 'view']
  program.hook('preAction', (_, command) => {
    if (!answering.includes(command.name())) dieOnInterrupt()
  })
  const commands = [program, ...program.commands]
  for (const command of commands)
    command
      .option('--debug', 'print a stack trace with an error', false)
      .exitOverride()
      .configureOutput({ writeErr: text => process.stderr.write(printable(text)) })
  guardConsole()
  for (const stream of [process.stdout, process.stderr]) brokenPipeSignal(stream)
  process.on('uncaughtException', error => {
    // Nothing is known of what still runs, so the process ends at once; a run resumes from its journal.
    process.exit(exitCodeOf(error, commands))
  })

  try {
    await program.parseAsync()
  } catch (error) {
    process.exitCode = exitCodeOf(error, commands)
  }
}

function exitCodeOf(error: unknown, commands: readonly Command[]): number {
  // Commander has printed its own message, and ends help and version with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const message = error instanceof Error ? error.message : String(error)
  // Dawn's messages have many lines; one paragraph is what scripts and people expect of an error.
  const lines = message.split('\n').map(line => line.trim())
  console.error(`entrace: ${lines.filter(line => line !== '').join(' ')}`)
  if (commands.some(command => command.opts()['debug'])) console.error(stackOf(error))
  if (error instanceof InputError) return 2
  return error instanceof NoAdapterError ? 3 : 1
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no stack trace: what was thrown is no Error'
  const stack = error.stack ?? error.message
  return error.cause === undefined ? stack : `${stack}\ncaused by ${stackOf(error.cause)}`
}
