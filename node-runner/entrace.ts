#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { InputError } from '../core/input-error.ts'
import { NoAdapterError } from './adapter/no-adapter-error.ts'
import { analyseCommand } from './commands/analyse.ts'
import { doctorCommand } from './commands/doctor.ts'
import { evalCommand } from './commands/eval.ts'
import { generateCommand } from './commands/generate.ts'
import { gradeCommand } from './commands/grade.ts'
import { versions } from './versions.ts'

const program = new Command('entrace')
  .description('Run Qwen2.5-class language models on WebGPU and record the entropy of every token.')
  .version(versions().entrace)
  .addCommand(evalCommand())
  .addCommand(generateCommand())
  .addCommand(gradeCommand())
  .addCommand(analyseCommand())
  .addCommand(doctorCommand())
for (const command of [program, ...program.commands]) command.exitOverride()

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function exitCodeOf(error: unknown): number {
  // Commander has printed its own message, and ends help and version with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (!(error instanceof Error)) throw error
  console.error(`entrace: ${error.message}`)
  if (error instanceof InputError) return 2
  return error instanceof NoAdapterError ? 3 : 1
}
