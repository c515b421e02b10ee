import { Command, InvalidArgumentError, Option } from 'commander'
import { dataSetEndings } from '../../core/evaluate/data-set-rows.ts'
import { knownDataSets } from '../../core/evaluate/hub-data-sets.ts'
import { promptStyles } from '../../core/evaluate/prompt.ts'
import type { Shard } from '../../core/evaluate/samples.ts'
import { readShard } from '../run/recorded-flags.ts'
import { integer } from './number-parsers.ts'
import type { EvalFlags } from './plan-evaluation.ts'
import { runEvaluation } from './run-evaluation.ts'
import { addGradingFlags, addLeaseFlags, addRecordedFlags, addRunFlags } from './run-flags.ts'

const knownNames = knownDataSets.map(({ aliases }) => aliases[0]).join(', ')

/** `entrace eval`: runs a model over a data set, grades, analyses and draws; the same command resumes. */
export function evalCommand(): Command {
  const command = new Command('eval')
    .description('answer every problem of a data set, grade, analyse and draw; the same command resumes')
    .requiredOption(
      '--dataset <file>',
      `a ${dataSetEndings} file, text also as .gz; an id of the Hub (with @revision behind it if need be); or one of ${knownNames}`,
    )
    .option('--out <dir>', 'folder of the run')
  const withRun = addLeaseFlags(addGradingFlags(addRunFlags(command))).option(
    '--max-concurrent <n>',
    'sequences at once; does not change any number',
    integer(1, 4096),
    16,
  )
  return addRecordedFlags(withRun)
    .option('--limit <n>', 'first n problems only', integer(1))
    .option(
      '--shard <i/n>',
      'part i of n of these problems: every nth from the ith on; entrace merge joins the parts',
      parseShard,
    )
    .option('--config <names>', 'subset of a data set of the Hub; several as a,b')
    .option('--split <name>', 'split of a data set of the Hub, where it cannot be guessed')
    .option('--problem-column <name>', 'column of the problems, or COLUMN.PART, where it cannot be guessed')
    .option('--answer-column <name>', 'column of the answers, or COLUMN.PART, where it cannot be guessed')
    .addOption(
      new Option(
        '--prompt-style <style>',
        'plain: the problem as it stands; boxed, hashes: with an instruction to reason and to end with \\boxed{} or ####, ' +
          'as system message, or behind the problem where there is a --system-prompt ' +
          '(default: boxed for the mathematics data sets known by name, else plain)',
      ).choices(promptStyles),
    )
    .option('--few-shot <n>', 'worked examples before every problem', integer(0, 1000), 0)
    .option(
      '--few-shot-file <file>',
      "data set whose first problems with solutions are the examples (default: the same data set's train split on the Hub)",
    )
    .option(
      '--show-prompt',
      "print the first problem's prompt as the model gets it, the answer it expects and the columns used and left, and start nothing",
      false,
    )
    .action(async (flags: EvalFlags) => {
      if (flags.out === undefined && !flags.showPrompt)
        command.error("error: required option '--out <dir>' not specified")
      process.exitCode = await runEvaluation(flags)
    })
}

function parseShard(text: string): Shard {
  const shard = readShard(text)
  if (shard) return shard
  throw new InvalidArgumentError(`expected part i of n as 2/8, found "${text}".`)
}
