import { expect, test } from 'vitest'
import { findKnownDataSet, knownDataSets } from './known-data-sets.ts'

test('every name means one data set', () => {
  const names = knownDataSets.flatMap(({ id, aliases }) => [id.toLowerCase(), ...aliases])
  expect(new Set(names).size).toBe(names.length)
  for (const known of knownDataSets)
    for (const name of [known.id, ...known.aliases.flatMap(alias => [alias, alias.toUpperCase()])])
      expect(findKnownDataSet(name)).toBe(known)
  expect(findKnownDataSet('gsm')).toBeUndefined()
})
