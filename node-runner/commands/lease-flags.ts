import type { Command } from 'commander'
import { InputError } from '../../core/input-error.ts'
import { defaultLeaseTimes, type LeaseOptions } from '../run/run-lease.ts'
import { numberWhere } from './number-parsers.ts'

/** Flags of the commands that write to a run's folder, in seconds. */
export interface LeaseFlags {
  leaseBeat?: number
  leaseSilence?: number
}

const seconds = () => numberWhere(value => value > 0 && value <= 3600, 'above 0, at most 3600')

/** Adds the flags that say when a run counts as left by who wrote to it. */
export function addLeaseFlags(command: Command): Command {
  const { beatMs, silenceMs } = defaultLeaseTimes
  return command
    .option(
      '--lease-beat <seconds>',
      `how often a sign of life is written to the folder (default: ${beatMs / 1000})`,
      seconds(),
    )
    .option(
      '--lease-silence <seconds>',
      `how long whoever writes to the folder must be silent until the run is taken over (default: ${silenceMs / 1000})`,
      seconds(),
    )
}

/** How a lease is taken by these flags. Throws InputError where a living holder would count as silent. */
export function leaseOptionsOf({
  leaseBeat,
  leaseSilence,
  quiet,
}: LeaseFlags & { quiet: boolean }): LeaseOptions {
  const beatMs = leaseBeat === undefined ? defaultLeaseTimes.beatMs : leaseBeat * 1000
  const silenceMs = leaseSilence === undefined ? defaultLeaseTimes.silenceMs : leaseSilence * 1000
  if (silenceMs < 3 * beatMs)
    throw new InputError(
      `--lease-silence ${silenceMs / 1000}: expected 3 times --lease-beat (${beatMs / 1000}) at least, since a beat may come late`,
    )
  return { times: { beatMs, silenceMs }, say: message => quiet || console.error(message) }
}
