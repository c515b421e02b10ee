import { type Command, InvalidArgumentError } from 'commander'
import { type GradingRules, gradingSettings, gradingWarning } from '../../core/grade/grading-rules.ts'

/** Flags that say how answers are graded; what is not given is the run's own, else the default. */
export type GradingFlags = Partial<GradingRules>

/** Adds the flags that say how answers are graded. `otherwise` is what holds without one, where it is not the default. */
export function addGradingFlags(command: Command, otherwise?: string): Command {
  for (const { flag, help, bounds, read, isValue, ...setting } of Object.values(gradingSettings))
    command.option(flag, `${help} (default: ${otherwise ?? setting.default})`, (text: string) => {
      const value = read(text)
      if (!isValue(value)) throw new InvalidArgumentError(`expected ${bounds}, found "${text}".`)
      return value
    })
  return command
}

/** Says on standard error what makes verdicts by these rules doubtful. */
export function warnOfRules(rules: GradingRules): void {
  const warning = gradingWarning(rules)
  if (warning !== null) console.error(`warning: ${warning}`)
}
