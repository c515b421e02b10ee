import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exactNumber, findPythonNumber, parseExactJson, shortestNumber } from './cell.ts'

describe('a number is', () => {
  test.each<[string, number | string]>([
    ['2.9', 2.9],
    ['36.0', 36],
    ['-0.50', -0.5],
    ['-0', -0],
    ['9007199254740993', '9007199254740993'],
    ['9007199254740992', 9007199254740992],
    ['12345678901234567890', '12345678901234567890'],
    ['0.1000000000000000055511151231257827', '0.1000000000000000055511151231257827'],
    ['1e400', '1e400'],
    ['1e21', 1e21],
    ['1000000000000000000000', '1000000000000000000000'],
    ['0.0000001', '0.0000001'],
  ])('%s as %j', (text, expected) => {
    expect(exactNumber(text)).toBe(expected)
  })

  test('the shortest decimal of a float32', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), value => {
        const shown = shortestNumber(value, 6, candidate => Math.fround(candidate) === value)
        expect(Math.fround(shown)).toBe(value)
        if (Math.abs(value) > 1e-30 && Math.abs(value) < 1e30)
          expect(
            String(shown)
              .replace(/e.*|[-.]/g, '')
              .replace(/^0+|0+$/g, '').length,
          ).toBeLessThanOrEqual(9)
      }),
    )
    const third = Math.fround(0.1)
    expect(shortestNumber(third, 6, candidate => Math.fround(candidate) === third)).toBe(0.1)
  })
})

describe('JSON', () => {
  test('keeps every number that a double would change', () => {
    const text = String.raw`{"a": 12345678901234567890, "b": [0.10000000000000000001, 1e5, 2.50], "c \" 1e400": "12345678901234567890"}`
    expect(parseExactJson(text)).toEqual({
      a: '12345678901234567890',
      b: ['0.10000000000000000001', 1e5, 2.5],
      'c " 1e400': '12345678901234567890',
    })
  })

  test('of doubles is as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), value => {
        const text = JSON.stringify(value)
        expect(parseExactJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  test('that is none is refused as ever', () => {
    for (const text of [
      '{"a": 012345678901234567890}',
      '{12345678901234567890: 1}',
      '{"a": 1e400',
      '1e400 1',
    ])
      expect(() => parseExactJson(text)).toThrow(SyntaxError)
  })

  test.each([
    ['{"a": NaN}', 'NaN'],
    ['[1, -Infinity]', '-Infinity'],
    [String.raw`{"NaN": "\"NaN", "b": 1}`, undefined],
  ])('of Python is known by its numbers: %s', (text, expected) => {
    expect(findPythonNumber(text)).toBe(expected)
  })
})
