import { Command } from 'commander'
import type { EvalFlags } from '../run/plan-run.ts'
import { runEvaluation } from '../run/run-evaluation.ts'
import { addRunFlags, integer } from './flags.ts'

/** `entrace eval`: runs a model over a data set, grades, analyses and draws; the same command resumes. */
export function evalCommand(): Command {
  const command = new Command('eval')
    .description('answer every problem of a data set, grade, analyse and draw; the same command resumes')
    .requiredOption('--dataset <file>', 'a .jsonl, .json, .csv or .parquet file')
    .requiredOption('--out <dir>', 'folder of the run')
  return addRunFlags(command)
    .option('--max-concurrent <n>', 'sequences at once; does not change any number', integer(1, 4096), 16)
    .option('--samples <n>', 'answers a problem', integer(1, 10_000), 1)
    .option('--limit <n>', 'first n problems only', integer(1))
    .option('--problem-column <name>', 'column of the problems, where it cannot be guessed')
    .option('--answer-column <name>', 'column of the answers, where it cannot be guessed')
    .action(async (flags: EvalFlags) => {
      process.exitCode = await runEvaluation(flags)
    })
}
