import { expect, it } from 'vitest'
import { allBenches } from './all-benches.ts'
import { allChecks } from './all-checks.ts'

it('every kernel and variant that is timed is checked too, each case under a name of its own', () => {
  const variants = (cases: readonly { kernel: string; variant: string | null }[]) =>
    new Set(cases.map(({ kernel, variant }) => `${kernel} ${variant}`))
  expect(variants(allChecks)).toEqual(variants(allBenches))
  const names = allChecks.map(({ kernel, variant, shape }) => `${kernel} ${variant} ${shape}`)
  expect(new Set(names).size).toBe(names.length)
})
