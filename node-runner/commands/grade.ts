import { readFileSync, statSync } from 'node:fs'
import { Command } from 'commander'
import { gradeAnswer } from '../../core/grade/grade-answer.ts'
import { defaultGradingRules, gradingWarning, withAskedRules } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import { addGradingFlags, type GradingFlags } from './run-flags.ts'

interface GradeFlags extends GradingFlags {
  answer?: string
  expected?: string
  pairs?: string
  json: boolean
  quiet: boolean
}

/** `entrace grade`: the extracted answer, the verdict and the rule that reached it. */
export function gradeCommand(): Command {
  const command = new Command('grade')
    .description('say whether an answer equals the expected one, and by which rule')
    .option('--answer <text>', "the model's answer, whole")
    .option('--expected <text>', 'the expected answer')
    .option('--pairs <file>', 'a .jsonl file of objects with answer and expected')
  return addGradingFlags(command)
    .option('--json', 'print one JSON document', false)
    .option('--quiet', 'print nothing; the exit code tells only whether the input was right', false)
    .action((flags: GradeFlags) => {
      const rules = withAskedRules(defaultGradingRules, flags)
      const verdicts = readPairs(flags).map(({ answer, expected }) => gradeAnswer(answer, expected, rules))
      if (flags.quiet) return
      const warning = gradingWarning(rules)
      if (warning !== null) console.error(`warning: ${warning}`)
      if (flags.json) console.log(JSON.stringify(flags.pairs === undefined ? verdicts[0] : verdicts, null, 2))
      else
        for (const { extracted, equal, rule } of verdicts)
          console.log(`${equal ? 'equal' : 'not equal'}: ${extracted ?? 'no answer'} (${rule})`)
    })
}

function readPairs({ answer, expected, pairs }: GradeFlags): { answer: string; expected: string }[] {
  if (pairs === undefined) {
    if (answer === undefined || expected === undefined)
      throw new InputError('grade: expected --answer and --expected, or --pairs')
    return [{ answer, expected }]
  }
  if (answer !== undefined || expected !== undefined)
    throw new InputError('grade: --pairs takes the place of --answer and --expected; give one or the other')
  return readText(pairs)
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : parsePair(line, `${pairs}: line ${index + 1}`)))
}

/** What one text can hold. */
const mostPairsBytes = 500_000_000

function readText(path: string): string {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > mostPairsBytes)
    throw new InputError(
      `${path}: has ${size} bytes, expected pairs in at most ${mostPairsBytes}; split the file`,
    )
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new InputError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code}); check --pairs`)
  }
}

function parsePair(line: string, where: string): { answer: string; expected: string } {
  let pair: { answer?: unknown; expected?: unknown } | null = null
  try {
    pair = JSON.parse(line)
  } catch {
    // Told below.
  }
  if (typeof pair?.answer !== 'string' || typeof pair.expected !== 'string')
    throw new InputError(
      `${where}: expected {"answer": text, "expected": text}, found ${line.slice(0, 80)}; fix the line`,
    )
  return { answer: pair.answer, expected: pair.expected }
}
