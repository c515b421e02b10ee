import { describe } from 'vitest'

/** A suite that only some machines can run: on another it is skipped, and the reason is printed. */
export function describeWhere(possible: boolean, reason: string, name: string, suite: () => void): void {
  if (!possible) console.log(`skipped: ${name}: ${reason}`)
  describe.skipIf(!possible)(name, suite)
}
