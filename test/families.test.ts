import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { describeGolden, openGoldenDevices } from './support/describe-golden.ts'
import { familyModels } from './support/family-models.ts'

const devices = await openGoldenDevices(3, 'cpu')

it('every family has a model and a golden file', () => {
  const folders = readdirSync('test/models').filter(name => name.startsWith('tiny-'))
  expect(folders.sort()).toEqual(familyModels.toSorted())
})

for (const model of familyModels)
  for (const ranks of [1, 3]) {
    const isTriedAlone = ranks === 1
    const one = {
      model,
      folder: `test/models/${model}`,
      ranks,
      kernels: 'cpu',
      longest: 75,
      isTriedAlone,
    } as const
    describeGolden(one, devices)
  }
