import { expect, test } from 'vitest'
import { checkSameLength } from './check-same-length.ts'

test('says where, what was found and what to do', () => {
  expect(() => checkSameLength('pearson', [1, 2], [true])).toThrow(
    /pearson: 2 and 1 values.*pass two columns/,
  )
  expect(() => checkSameLength('pearson', [1], [true])).not.toThrow()
})
