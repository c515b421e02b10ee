import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { longestFiles } from './longest-first.ts'

it('the files that are begun first are there', () => {
  expect(longestFiles.filter(file => !existsSync(file))).toEqual([])
})
